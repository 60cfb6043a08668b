"""The core of Tandem: records, rules, plans and the steps of a tick. Pure: no clock, socket, disk or SQL."""
