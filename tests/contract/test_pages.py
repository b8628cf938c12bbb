"""Pages as S3 gives them to a browser."""

from lambdaloop.adapters.s3_pages import S3PageShelf
from tests.contract.aws import Aws


def test_a_page_is_shown_by_a_browser_and_the_last_one_counts(aws: Aws) -> None:
    aws.s3.create_bucket(Bucket="capture")
    shelf = S3PageShelf(bucket="capture", client=aws.s3)
    for text in ("<p>old</p>", "<p>näher</p>"):
        shelf.put_page("pages/model=churn/version-3.html", text)
    found = aws.s3.get_object(Bucket="capture", Key="pages/model=churn/version-3.html")
    assert found["ContentType"] == "text/html; charset=utf-8"
    assert found["Body"].read().decode() == "<p>näher</p>"
