"""The foreign ministry's open data (data.go.kr, organisation 1262000): client, staging and a simulator. Off unless an address and a key are set."""
