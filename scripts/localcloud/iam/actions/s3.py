"""Which rights each S3 operation needs."""

from urllib.parse import parse_qs, unquote

from scripts.localcloud.iam.actions.rule import Parameters, Rule, Rules, allow
from scripts.localcloud.iam.policy import Access


def _bucket(parameters: Parameters) -> str:
    return f"arn:aws:s3:::{parameters['Bucket']}"


def _object(parameters: Parameters) -> str:
    return f"arn:aws:s3:::{parameters['Bucket']}/{parameters['Key']}"


def _versioned(action: str) -> Rule:
    """An object action that has a second name when the request names a version."""

    def rule(parameters: Parameters) -> list[Access]:
        name = f"{action}Version" if parameters.get("VersionId") else action
        return [Access(action=name, resource=_object(parameters))]

    return rule


def _list(action: str) -> Rule:
    def rule(parameters: Parameters) -> list[Access]:
        context = (
            ("s3:prefix", (str(parameters.get("Prefix", "")),)),
            ("s3:delimiter", (str(parameters.get("Delimiter", "")),)),
        )
        return [Access(action=action, resource=_bucket(parameters), context=context)]

    return rule


def _put(parameters: Parameters) -> list[Access]:
    accesses = [Access(action="s3:PutObject", resource=_object(parameters))]
    if parameters.get("Tagging"):
        accesses.append(Access(action="s3:PutObjectTagging", resource=_object(parameters)))
    if parameters.get("ObjectLockMode"):
        accesses.append(Access(action="s3:PutObjectRetention", resource=_object(parameters)))
    return accesses


def _copy(parameters: Parameters) -> list[Access]:
    source, _, query = str(parameters["CopySource"]).partition("?")
    action = "s3:GetObjectVersion" if "versionId" in parse_qs(query) else "s3:GetObject"
    return [
        Access(action=action, resource=f"arn:aws:s3:::{unquote(source).lstrip('/')}"),
        Access(action="s3:PutObject", resource=_object(parameters)),
    ]


def _delete_several(parameters: Parameters) -> list[Access]:
    return [
        Access(
            action="s3:DeleteObjectVersion" if item.get("VersionId") else "s3:DeleteObject",
            resource=f"{_bucket(parameters)}/{item['Key']}",
        )
        for item in parameters["Delete"]["Objects"]
    ]


RULES: Rules = {
    "GetObject": _versioned("s3:GetObject"),
    "HeadObject": _versioned("s3:GetObject"),
    "GetObjectAttributes": _versioned("s3:GetObject"),
    "GetObjectTagging": _versioned("s3:GetObjectTagging"),
    "PutObjectTagging": _versioned("s3:PutObjectTagging"),
    "DeleteObjectTagging": _versioned("s3:DeleteObjectTagging"),
    "GetObjectRetention": allow("s3:GetObjectRetention", _object),
    "GetObjectLegalHold": allow("s3:GetObjectLegalHold", _object),
    "PutObject": _put,
    "CopyObject": _copy,
    "UploadPartCopy": _copy,
    "CreateMultipartUpload": _put,
    "UploadPart": allow("s3:PutObject", _object),
    "CompleteMultipartUpload": allow("s3:PutObject", _object),
    "AbortMultipartUpload": allow("s3:AbortMultipartUpload", _object),
    "ListParts": allow("s3:ListMultipartUploadParts", _object),
    "DeleteObject": _versioned("s3:DeleteObject"),
    "DeleteObjects": _delete_several,
    "HeadBucket": allow("s3:ListBucket", _bucket),
    "ListObjects": _list("s3:ListBucket"),
    "ListObjectsV2": _list("s3:ListBucket"),
    "ListObjectVersions": _list("s3:ListBucketVersions"),
    "ListMultipartUploads": allow("s3:ListBucketMultipartUploads", _bucket),
    "ListBuckets": allow("s3:ListAllMyBuckets"),
    "GetBucketLocation": allow("s3:GetBucketLocation", _bucket),
    "GetBucketVersioning": allow("s3:GetBucketVersioning", _bucket),
    "GetBucketEncryption": allow("s3:GetEncryptionConfiguration", _bucket),
    "GetBucketTagging": allow("s3:GetBucketTagging", _bucket),
    "GetBucketPolicy": allow("s3:GetBucketPolicy", _bucket),
    "GetBucketLifecycleConfiguration": allow("s3:GetLifecycleConfiguration", _bucket),
    "GetBucketNotificationConfiguration": allow("s3:GetBucketNotification", _bucket),
    "PutBucketNotificationConfiguration": allow("s3:PutBucketNotification", _bucket),
    "GetPublicAccessBlock": allow("s3:GetBucketPublicAccessBlock", _bucket),
}
