"""An independent witness: reads what clients were told, the log, the read model and the bucket, and compares them.

It knows the published texts (messages, states, the stored format) and none of our code: an import contract sees to it.
What it would share with the services it could not find wrong in them.
"""
