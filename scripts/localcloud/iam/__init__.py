"""IAM for the local cloud: a function may do locally exactly what its role in the template allows in AWS.

moto ignores resources and conditions, so without this a missing grant would only show after deployment.
"""

from scripts.localcloud import moto_seams
from scripts.localcloud.cloud import Cloud
from scripts.localcloud.iam import identity, managed_policies
from scripts.localcloud.iam.enforcement import Iam, enforce
from scripts.localcloud.iam.policy import Access, Decision
from scripts.localcloud.iam.principals import ROOT, Principal

__all__ = ["ROOT", "Access", "Decision", "Iam", "Principal", "install", "of"]


def install(cloud: Cloud) -> None:
    """Check every request to moto from now on; GET /_localcloud/iam/usage tells which rights were used.

    Calling it again for the same cloud changes nothing.
    """
    if moto_seams.of(cloud).first("iam"):
        enforce(cloud)
        managed_policies.install(cloud)
        identity.install(cloud, of(cloud).principals)


def of(cloud: Cloud) -> Iam:
    """The authority of this cloud: issues keys, finds who holds one, decides and records."""
    return moto_seams.of(cloud).part(Iam, Iam)
