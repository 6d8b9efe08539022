"""The benchmark's generator at a tiny scale: what it draws is what landing would hold."""

from __future__ import annotations

from benchmarks.generator.world import World, draw
from orchestration.landing.columns import EXTRA, PERIOD_START, POSITION, landed_columns
from orchestration.sources.feeds import FEEDS

SCALE = 0.0005


def test_a_world_is_drawn_in_the_proportions_of_the_action_and_in_landings_columns(tmp_path):
    world = World(tmp_path, SCALE)
    draw(world)
    with world.open() as connection:

        def count(table: str) -> int:
            return connection.execute(f"select count(*) from {table}").fetchall()[0][0]

        assert count("registration") == 5_400_000 * SCALE
        assert count("learning") > 0.9 * 26_000_000 * SCALE
        assert 0.8 < count("certificate") / (2_500_000 * SCALE) < 1.2
        assert 0.7 < count("payment") / (1_500_000 * SCALE) < 1.2
        for feed in FEEDS.values():
            drawn = {row[0] for row in connection.execute(f"describe landed_{feed.name}").fetchall()}
            # Landing adds these as it writes a batch.
            assert set(landed_columns(feed)) - {POSITION, PERIOD_START, EXTRA} <= drawn, feed.name
            assert count(f"landed_{feed.name}") > 0, feed.name
        # Every made-up id number passes the contract's check: its registrations would be missing otherwise.
        assert connection.execute("select count(distinct registration_id) from landed_registrations").fetchall() == [
            (count("registration"),)
        ]
