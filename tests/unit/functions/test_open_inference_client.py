"""The Open Inference Protocol as Triton's own client speaks it: nothing of this project stands between it and the answers."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException, triton_to_np_dtype

from lambdaloop.domain.errors import ModelNotReleasedError
from tests.fakes.tiny_model import ROW
from tests.unit.functions.gateway import Gateway
from tests.unit.functions.http_front import serve

pytestmark = pytest.mark.localcloud

COLUMNS = {
    "age": np.array([40.0, np.nan]),
    "visits": np.array([3, 900]),
    "active": np.array([True, False]),
    "plan": np.array(["plus", "never seen"], dtype=object),
}
NUMBERS = ["UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64", "FP16", "FP32", "FP64"]
DATATYPES = {"age": "FP64", "visits": "INT64", "active": "BOOL", "plan": "BYTES"}


@pytest.fixture
def gateway() -> Gateway:
    return Gateway()


@pytest.fixture
def client(gateway: Gateway) -> Iterator[Any]:
    with serve(gateway) as address, triton.InferenceServerClient(address) as client:
        yield client


def _inputs(**changed: tuple[str, "np.ndarray[Any, Any]"]) -> list[Any]:
    inputs = []
    for name, values in COLUMNS.items():
        datatype, column = changed.get(name, (DATATYPES[name], values))
        tensor = triton.InferInput(name, list(column.shape), datatype)
        inputs.append(tensor.set_data_from_numpy(column, binary_data=False))
    return inputs


def _outputs(*names: str) -> list[Any]:
    return [triton.InferRequestedOutput(name, binary_data=False) for name in names]


def test_the_client_finds_the_server_and_the_model_alive(client: Any) -> None:
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("churn")
    assert client.is_model_ready("churn", "7")
    assert not client.is_model_ready("churn", "8")
    assert client.get_server_metadata()["name"] == "lambdaloop"


def test_the_client_reads_what_the_model_takes_and_gives(client: Any) -> None:
    metadata = client.get_model_metadata("churn", "7")
    assert {tensor["name"]: tensor["datatype"] for tensor in metadata["inputs"]} == DATATYPES
    assert metadata["versions"] == ["7"]


def test_the_clients_arrays_are_answered_as_rows_are(client: Any, gateway: Gateway) -> None:
    result = client.infer("churn", _inputs(), request_id="42")
    by_rows = gateway.predict(ROW, {"visits": 900, "active": False, "plan": "never seen"}).body["predictions"]
    assert result.as_numpy("probabilities").tolist() == [
        list(one["probabilities"].values()) for one in by_rows
    ]
    assert result.as_numpy("value").tolist() == [one["value"] for one in by_rows]
    response = result.get_response()
    assert (response["id"], response["model_name"], response["model_version"]) == ("42", "churn", "7")


def test_the_client_gets_the_outputs_that_it_names_from_the_version_that_it_names(client: Any) -> None:
    result = client.infer("churn", _inputs(), model_version="7", outputs=_outputs("model_version"))
    assert result.as_numpy("model_version").tolist() == [7, 7]
    assert result.get_output("value") is None


@pytest.mark.parametrize("datatype", NUMBERS)
def test_every_datatype_of_numbers_means_the_same_numbers(client: Any, datatype: str) -> None:
    kind = triton_to_np_dtype(datatype)
    few = {"age": ("FP64", np.array([40.0, 7.0])), "visits": ("INT64", np.array([3, 100]))}
    plain = client.infer("churn", _inputs(**few)).as_numpy("probabilities")
    same = {name: (datatype, column.astype(kind)) for name, (_, column) in few.items()}
    assert client.infer("churn", _inputs(**same)).as_numpy("probabilities").tolist() == plain.tolist()


def test_the_client_understands_what_is_wrong(client: Any) -> None:
    with pytest.raises(InferenceServerException, match="do not fit the model"):
        client.infer("churn", _inputs()[:1])
    with pytest.raises(InferenceServerException, match="unknown model 'fraud'"):
        client.infer("fraud", _inputs())
    with pytest.raises(InferenceServerException, match="unknown version '8': version 7 is served here"):
        client.get_model_metadata("churn", "8")


def test_the_client_sees_a_server_without_a_model_alive_and_not_ready() -> None:
    gateway = Gateway(ModelNotReleasedError("model 'churn' is not released yet"))
    with serve(gateway) as address, triton.InferenceServerClient(address) as client:
        assert client.is_server_live()
        assert not client.is_server_ready()
        with pytest.raises(InferenceServerException, match="not released yet"):
            client.infer("churn", _inputs())
