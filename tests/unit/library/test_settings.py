"""The one definition of every environment variable."""

import pytest

from lambdaloop.domain.errors import SettingMissingError
from lambdaloop.settings import Settings


def test_what_the_template_writes_is_what_the_function_reads() -> None:
    settings = Settings(model="churn", registry_table="table")
    assert settings.to_env() == {"LAMBDALOOP_MODEL": "churn", "LAMBDALOOP_REGISTRY_TABLE": "table"}
    assert Settings.from_env({**settings.to_env(), "PATH": "/bin"}) == settings


def test_a_missing_setting_is_named_by_its_variable() -> None:
    with pytest.raises(SettingMissingError, match="LAMBDALOOP_MODEL_BUCKET is not set: redeploy the stack"):
        Settings().need("model_bucket")
