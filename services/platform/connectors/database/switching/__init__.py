"""What the provisioner does: databases beside the live one, the switch in one transaction, and the way back.

`names` and `marks` are pure. Everything here can be run again, by another worker too (spec: environments, steps 2-7).
"""
