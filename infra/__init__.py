"""What `cdk deploy` puts into an account. CDK runs on the Node of this environment: none of the system is needed."""

import os
import sys
from pathlib import Path

# Before aws_cdk is imported anywhere; who set it, meant it.
os.environ.setdefault("JSII_NODE", str(Path(sys.executable).with_name("node")))
