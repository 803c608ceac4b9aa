"""WeChat: official accounts and the customer service of mini-programs."""
