"""What tests of several rooms need: frames, capture files, namespaces."""
