"""The default menu with its perpetual venue margined in coin: every contract inverse."""

from typing import Any

from hypothesis import strategies as st

from tests.random_worlds import SCOPES, TWINS, Config, Play, default, play, stressed

COIN = {"asset_weight": {"initial": 1.0, "maintenance": 1.0}}


def coin_margined(config: Config, **changes: Any) -> Config:
    """The same run with drift's contracts worth 1 USD each, margined and settled in their coin.

    ``changes`` are merged into the venue.
    """
    prices = {name: spec.get("price") for name, spec in config["market"]["assets"].items()}
    venue = dict(config["venue"]["drift"])
    venue["assets"] = venue["assets"] | dict.fromkeys(venue["perpetuals"], COIN)
    venue["perpetuals"] = {
        name: spec
        | {"contract": "inverse", "step": spec.get("step", 0.0) * prices[name]}
        | {"size_penalty": spec.get("size_penalty", 0.0) / prices[name] ** 0.5}
        for name, spec in venue["perpetuals"].items()
    }
    for key, value in changes.items():
        venue[key] = venue.get(key, {}) | value
    return config | {"venue": config["venue"] | {"drift": venue}}


LOSSES = (
    {"deleveraging": {"ranking": "queue"}, "socialise": "deficit"},
    {"deleveraging": {"ranking": "pro_rata", "capped": False}},
    {"socialise": "funding_index"},
    {"deleveraging": {"pool": {"enable": 0.1, "target": 0.05}}, "backstop": 1e3},
    {},
)
PRICES = (
    {"perp_price": "book"},
    {"perp_price": "oracle", "backstop": 0.5},
    {"perp_price": "oracle"},
)


@st.composite
def inverse_plays(draw: st.DrawFn, steps: int = 8) -> Play:
    """A path of a random coin-margined world in which accounts come under pressure."""
    config = default(
        {
            "accounts": draw(st.integers(10, 60)),
            "steps": steps,
            "step_seconds": draw(st.sampled_from([60.0, 600.0, 3600.0])),
            "seed": draw(st.integers(0, 2**31)),
        }
    )
    config = stressed(config, draw(st.floats(1.0, 8.0)), draw(st.floats(0.003, 1.0)))
    config["block_seconds"] = config["step_seconds"] / 30.0
    waterfall, price = draw(st.sampled_from(LOSSES)), draw(st.sampled_from(PRICES))
    config = coin_margined(config, waterfall=waterfall, liquidation=price)
    venue = config["venue"]["drift"]
    venue["insurance"] = draw(st.sampled_from([0.0, 1e3, 1e6]))
    venue["waterfall"] = venue["waterfall"] | {"backstop": waterfall.get("backstop", 0.0)}
    venue["oracle"] = {"delay": draw(st.sampled_from([0.0, 10.0, 300.0]))}
    return play(config, draw(st.sampled_from(SCOPES)), draw(st.sampled_from(TWINS)))
