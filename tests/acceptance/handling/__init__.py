"""The routing state machine: its world, its rules by who acts, and what must hold after every step."""
