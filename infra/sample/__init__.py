"""A sample app to try Nightkeep on: production with rows and documents of every usual kind, acceptance empty.

`make_sample` makes databases and documents, `register_sample` tells the gateway; both may be called again.
"""

from infra.sample.app import Sample, SampleEnvironment, SampleGround, make_sample
from infra.sample.registration import RegisteredSample, register_sample

__all__ = ["RegisteredSample", "Sample", "SampleEnvironment", "SampleGround", "make_sample", "register_sample"]
