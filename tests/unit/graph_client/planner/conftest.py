"""Planner in the emulator with two members, and views on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from graph_world import GraphWorld
from planner_world import PlannerWorld

from graph_client.planner.view import PlannerReader, PlannerWriter
from graph_client.system import GraphSystem


@pytest.fixture
def planner(world: GraphWorld) -> PlannerWorld:
    return PlannerWorld(world)


@pytest.fixture
def system(planner: PlannerWorld) -> Iterator[GraphSystem]:
    with planner.system() as found:
        yield found


@pytest.fixture
def reader(planner: PlannerWorld, system: GraphSystem) -> PlannerReader:
    view = system.reader(planner.space())
    assert isinstance(view, PlannerReader)
    return view


@pytest.fixture
def writer(planner: PlannerWorld, system: GraphSystem) -> PlannerWriter:
    view = system.writer(planner.space(), lambda: True)
    assert isinstance(view, PlannerWriter)
    return view
