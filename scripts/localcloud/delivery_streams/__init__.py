"""What a Firehose delivery stream does to records between PutRecord and the object in S3."""
