"""LINE, by its Messaging API. The official SDK is not loaded here (1.8 s, 84 MB): tests and the simulator check every request against its models."""
