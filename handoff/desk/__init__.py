"""The agents' desk at ``/desk``: queue, conversation and place, live, by keyboard."""
