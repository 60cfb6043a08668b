"""A Microsoft 365 to try and test against: identity and Graph v1.0 over real HTTPS, all state in memory.

It is written from public descriptions of the service and shares no code with any client.
"""
