"""Tests of what is deployed. CDK runs on the Node of this environment, whatever else the machine has."""

import os
import sys
from pathlib import Path

os.environ.setdefault("JSII_NODE", str(Path(sys.executable).with_name("node")))
