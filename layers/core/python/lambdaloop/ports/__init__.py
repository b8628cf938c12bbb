"""What the use cases need from the world. Adapters implement these on AWS, tests/fakes in memory.

Every method either does all of what it says or nothing, and may be called again after a crash.
"""

from lambdaloop.ports.features import FeatureHistory, FeatureReader, FeatureStore, LookUpMetrics
from lambdaloop.ports.opening import ApiKeys, Buckets
from lambdaloop.ports.registry import (
    ApprovalLog,
    DecisionLog,
    ExperimentLog,
    Leases,
    ReleaseLog,
    RunLog,
    VersionRegistry,
    WindowLog,
)
from lambdaloop.ports.running import Clock, Workflows
from lambdaloop.ports.serving import (
    FailedRequests,
    FleetFigures,
    ServedModel,
    ServedPredictions,
    Traffic,
    TrafficObserver,
)
from lambdaloop.ports.storage import (
    ArtifactReader,
    ArtifactStore,
    CaptureArchive,
    DatasetStore,
    PageShelf,
    PredictionLog,
)
from lambdaloop.ports.telling import (
    AlertLog,
    AlertMetrics,
    AlertSender,
    ExperimentMetrics,
    HappeningBus,
    Notices,
    RequestMetrics,
    RetrainingMetrics,
    ShadowMetrics,
    WatchMetrics,
)

__all__ = [
    "AlertLog",
    "AlertMetrics",
    "AlertSender",
    "ApiKeys",
    "ApprovalLog",
    "ArtifactReader",
    "ArtifactStore",
    "Buckets",
    "CaptureArchive",
    "Clock",
    "DatasetStore",
    "DecisionLog",
    "ExperimentLog",
    "ExperimentMetrics",
    "FailedRequests",
    "FeatureHistory",
    "FeatureReader",
    "FeatureStore",
    "FleetFigures",
    "HappeningBus",
    "Leases",
    "LookUpMetrics",
    "Notices",
    "PageShelf",
    "PredictionLog",
    "ReleaseLog",
    "RequestMetrics",
    "RetrainingMetrics",
    "RunLog",
    "ServedModel",
    "ServedPredictions",
    "ShadowMetrics",
    "Traffic",
    "TrafficObserver",
    "VersionRegistry",
    "WatchMetrics",
    "WindowLog",
    "Workflows",
]
