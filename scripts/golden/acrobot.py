# Makes golden trajectories of the acrobot: Tests/Fixtures/Golden/acrobot.json.
"""Run: python scripts/golden/acrobot.py

Gymnasium's Acrobot-v1 plays given actions from its own seeded first states. The file is made like that of the cart and the pole
(`cartpole.py` explains its fields and its tolerance); a state is angle of the upper link, angle of the lower against the upper, and both
angular velocities. The steps in extended precision use the same classical Runge-Kutta step.
"""

import numpy as np

from control_trajectories import Task, random_rule
from ppo_text import provenance, write

SEED = 70
PI = np.longdouble("3.14159265358979323846264338327950288")


def change(state, torque):
    """Velocities and accelerations: links of mass, length and inertia 1, centres in the middle, gravity 9.8."""
    upper, lower, upper_velocity, lower_velocity = state
    half, sine, cosine = np.longdouble(0.5), np.sin(lower), np.cos(lower)
    whole = half**2 + (1 + half**2 + cosine) + 2
    shared = half**2 + half * cosine + 1
    lower_pull = half * np.longdouble(9.8) * np.cos(upper + lower - PI / 2)
    upper_pull = (
        -half * lower_velocity**2 * sine - lower_velocity * upper_velocity * sine
        + np.longdouble(1.5) * np.longdouble(9.8) * np.cos(upper - PI / 2) + lower_pull
    )
    lower_acceleration = (torque + shared / whole * upper_pull - half * upper_velocity**2 * sine - lower_pull) / (half**2 + 1 - shared**2 / whole)
    return np.array([upper_velocity, lower_velocity, -(shared * lower_acceleration + upper_pull) / whole, lower_acceleration])


def extended_step(state, action):
    """One step in extended precision."""
    state, torque, step = np.array([np.longdouble(number) for number in state]), action - 1, np.longdouble(0.2)
    first = change(state, torque)
    second = change(state + step / 2 * first, torque)
    third = change(state + step / 2 * second, torque)
    fourth = change(state + step * third, torque)
    state = state + step / 6 * (first + 2 * second + 2 * third + fourth)
    for place in (0, 1):
        while state[place] > PI:
            state[place] -= 2 * PI
        while state[place] < -PI:
            state[place] += 2 * PI
    return state[0], state[1], np.clip(state[2], -4 * PI, 4 * PI), np.clip(state[3], -9 * PI, 9 * PI)


def check(observation, reward, state, terminated):
    assert reward == (0 if terminated else -1)
    seen = [np.cos(state[0]), np.sin(state[0]), np.cos(state[1]), np.sin(state[1]), state[2], state[3]]
    assert (observation == np.array(seen, np.float32)).all()


def pump(state):
    """Pushes the way in which the upper link swings."""
    return 2 if state[2] < 0 else 0


def main():
    task = Task("Acrobot-v1", extended_step, check)
    rules = {f"random {n}": (SEED + n, random_rule(SEED + n, 3)) for n in range(4)}
    rules |= {f"pumped {n}": (SEED + n, pump) for n in range(4)}
    rules["hanging"] = (SEED, lambda _: 1)
    trajectories = {name: task.trajectory(name, *rule) for name, rule in rules.items()}
    assert any(one["terminated"] for one in trajectories.values()) and trajectories["hanging"]["truncated"]
    inside = "states after given actions, and how the episodes ended"
    born = provenance("acrobot.py", SEED, "gymnasium Acrobot-v1", inside)
    born["tolerance"] = "4 x largest |float64 - extended precision|, at least 8 ulps of the largest magnitude"
    write("acrobot.json", {"provenance": born, "trajectories": trajectories})


if __name__ == "__main__":
    main()
