# The reference libraries, run as they are: only listened to while they collect, score and train.
"""`Reference` wraps stable-baselines3's PPO, sb3-contrib's RecurrentPPO and sb3-contrib's MaskablePPO. The library's own
`collect_rollouts` fills the rollout and its own `train` learns from it; what happens inside is read from outside:

- the order of rows: `numpy.random.permutation` and `numpy.random.randint` are replaced by versions that remember their answer;
- the terms of every minibatch's loss: `torch.nn.utils.clip_grad_norm_` is replaced by a version that returns the same norm and
  reads the local variables of the `train` that called it.

`Plain` offers the same for the variant with memory and mask, which no released library has, and for factored actions: there the
float32 transcription is the reference.
"""

import sys
import warnings
from unittest import mock

import numpy as np
import torch
from sb3_contrib import MaskablePPO, RecurrentPPO
from sb3_contrib.common.recurrent.type_aliases import RNNStates
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import DummyVecEnv

from ppo_transcription import Transcription
from ppo_world import RandomWorld, Recorder, Rollout

FOLLOWED = "value_net.bias"  # the one parameter tensor of a single number: kept after every step


def draw_parameters(shapes, seed):
    """Parameters of about unit effect. A library's own initial values would hide mistakes: its action head starts near zero,
    its biases at zero."""
    generator = np.random.default_rng(seed)
    return {
        name: (generator.normal(size=shape) * (0.9 / np.sqrt(shape[-1]) if len(shape) == 2 else 0.3)).astype(np.float32)
        for name, shape in shapes.items()
    }


def worlds(network, hyper, seed):
    def world(lane):
        return lambda: RandomWorld(1000 * seed + lane, network.inputs, network.actions, getattr(network, "factors", ()))

    return DummyVecEnv([world(lane) for lane in range(hyper.lanes)])


def place_bootstrap_values(rows, found):
    """One value per truncation, in the order of steps and lanes, as an array (T, N)."""
    values = np.zeros((len(rows), len(rows[0][0])), dtype=np.float32)
    places = [(step, lane) for step, row in enumerate(rows) for lane in np.flatnonzero(row[2])]
    assert len(places) == len(found), (len(places), len(found))
    for place, value in zip(places, found):
        values[place] = value
    return values


class Reference:
    def __init__(self, variant, network, hyper, seed):
        self.variant, self.network, self.hyper = variant, network, hyper
        tower = {"pi": network.tower, "vf": network.tower}
        policy = {"net_arch": tower, "activation_fn": {"tanh": torch.nn.Tanh, "relu": torch.nn.ReLU}[network.activation]}
        if network.hidden:
            policy |= {
                "lstm_hidden_size": network.hidden,
                "shared_lstm": network.critic == "sharedDetached",
                "enable_critic_lstm": network.critic == "separate",
            }
        kind, name = {
            "ppo": (PPO, "MlpPolicy"),
            "ppo_mask": (MaskablePPO, "MlpPolicy"),
            "ppo_lstm": (RecurrentPPO, "MlpLstmPolicy"),
        }[variant]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a last minibatch that is short is intended
            self.model = kind(
                name,
                worlds(network, hyper, seed),
                learning_rate=hyper.learningRate,
                n_steps=hyper.horizon,
                batch_size=hyper.batchSize,
                n_epochs=hyper.epochs,
                gamma=hyper.gamma,
                gae_lambda=hyper.gaeLambda,
                clip_range=hyper.clipRange,
                clip_range_vf=hyper.clipRangeValue,
                normalize_advantage=hyper.normalizeAdvantage,
                ent_coef=hyper.entropyCoefficient,
                vf_coef=hyper.valueCoefficient,
                max_grad_norm=hyper.maxGradientNorm,
                policy_kwargs=policy,
                seed=seed,
                device="cpu",
            )
        self.policy = self.model.policy
        shapes = {name: tuple(value.shape) for name, value in self.policy.state_dict().items()}
        drawn = draw_parameters(shapes, seed)
        self.policy.load_state_dict({name: torch.tensor(value) for name, value in drawn.items()})

    def parameters(self):
        return {name: value.detach().numpy().copy() for name, value in self.policy.state_dict().items()}

    def collect(self):
        """The second rollout of a run, so that it begins in the middle of episodes and with a memory."""
        model, hyper = self.model, self.hyper
        _, callback = model._setup_learn(10**9)
        model.collect_rollouts(model.env, callback, model.rollout_buffer, hyper.horizon)
        recorder, found = Recorder(model.env), []
        predict = self.policy.predict_values

        def remember(*arguments):
            found.append(predict(*arguments))
            return found[-1]

        self.policy.predict_values = remember
        model.collect_rollouts(model.env, callback, model.rollout_buffer, hyper.horizon)
        self.policy.predict_values = predict
        buffer = model.rollout_buffer
        rewards, terminated, truncated, final = (np.stack(column) for column in zip(*recorder.rows))
        last = found.pop().numpy().reshape(1, hyper.lanes)
        bootstrap = place_bootstrap_values(recorder.rows, [value.item() for value in found])
        states = {}
        if self.network.hidden:
            names = {"hidden_pi": buffer.hidden_states_pi, "cell_pi": buffer.cell_states_pi}
            if self.network.critic == "separate":
                names |= {"hidden_vf": buffer.hidden_states_vf, "cell_vf": buffer.cell_states_vf}
            states = {name: value[:, 0].copy() for name, value in names.items()}  # (T, layers, N, H): one layer
        assert np.allclose(buffer.rewards, rewards + hyper.gamma * bootstrap, rtol=1e-6, atol=1e-6)
        self.expected_advantages = buffer.advantages.copy(), buffer.returns.copy()
        starts = np.concatenate([buffer.episode_starts, model._last_episode_starts[None]])
        return Rollout(
            observations=np.concatenate([buffer.observations, model._last_obs[None]]),
            actions=buffer.actions[..., 0].astype(np.int64),
            rewards=rewards.astype(np.float32),
            terminated=terminated,
            truncated=truncated,
            finalObservations=final,
            bootstrapValues=bootstrap,
            episodeStarts=starts.astype(np.float32),
            values=np.concatenate([buffer.values, last]),
            logProbabilities=buffer.log_probs.copy(),
            masks=buffer.action_masks.astype(bool).copy() if self.variant == "ppo_mask" else None,
            states=states,
        )

    def forward(self, batch):
        """batch: observations (L, S, D), actions (L, S), starts (L, S), masks or None, states or {}: named results, time-major."""
        length, lanes = batch.actions.shape

        def lane_major(array):
            return torch.tensor(np.swapaxes(array, 0, 1).reshape(-1, *array.shape[2:]))

        def time_major(tensor):
            array = tensor.detach().numpy()
            return np.swapaxes(array.reshape(lanes, length, *array.shape[1:]), 0, 1)

        observations, actions = lane_major(batch.observations), lane_major(batch.actions)
        ends = {}
        with torch.no_grad():
            if self.variant == "ppo_lstm":
                starts = lane_major(batch.starts)
                pi = tuple(torch.tensor(batch.states[name])[None] for name in ("hidden_pi", "cell_pi"))
                vf = pi
                if self.network.critic == "separate":
                    vf = tuple(torch.tensor(batch.states[name])[None] for name in ("hidden_vf", "cell_vf"))
                    _, end = self.policy._process_sequence(observations, vf, starts, self.policy.lstm_critic)
                    ends = {"hidden_vf": end[0][0].numpy(), "cell_vf": end[1][0].numpy()}
                scored = self.policy.evaluate_actions(observations, actions, RNNStates(pi, vf), starts)
                distribution, end = self.policy.get_distribution(observations, pi, starts)
                ends |= {"hidden_pi": end[0][0].numpy(), "cell_pi": end[1][0].numpy()}
            elif self.variant == "ppo_mask":
                masks = lane_major(batch.masks)
                scored = self.policy.evaluate_actions(observations, actions, action_masks=masks)
                distribution = self.policy.get_distribution(observations, masks.numpy())
            else:
                scored = self.policy.evaluate_actions(observations, actions)
                distribution = self.policy.get_distribution(observations)
        values, log_p, entropy = scored
        return {
            "values": time_major(values[:, 0]),
            "logProbabilities": time_major(log_p),
            "entropies": time_major(entropy),
            "allLogProbabilities": time_major(distribution.distribution.logits),
        } | ends

    def train(self, seed):
        """One call of the library's `train`: its minibatch terms, the row order of its epochs, the followed parameter per step."""
        rows, orders, followed = [], [], []
        clip, permutation, randint = torch.nn.utils.clip_grad_norm_, np.random.permutation, np.random.randint
        parameter = self.policy.get_parameter(FOLLOWED)

        def listening_clip(parameters, max_norm):
            norm = clip(parameters, max_norm)
            local = sys._getframe(1).f_locals
            names = ("policy_loss", "value_loss", "entropy_loss", "loss", "approx_kl_div", "clip_fraction")
            terms = [local[name] for name in names] + [norm]
            rows.append([term.item() if hasattr(term, "item") else term for term in terms])
            followed.append(parameter.detach().numpy().copy())
            return norm

        def listening_permutation(count):
            orders.append(permutation(count))
            return orders[-1]

        def listening_randint(count):
            split = randint(count)
            orders.append(np.roll(np.arange(count), -split))
            return split

        np.random.seed(seed)
        with (
            mock.patch("torch.nn.utils.clip_grad_norm_", listening_clip),
            mock.patch("numpy.random.permutation", listening_permutation),
            mock.patch("numpy.random.randint", listening_randint),
        ):
            self.model.train()
        followed.append(parameter.detach().numpy().copy())
        assert len(orders) == self.hyper.epochs
        return rows, [order.tolist() for order in orders], followed[1:]


class Plain:
    """Memory and mask, or factors: the float32 transcription in the place of a library."""

    def __init__(self, variant, network, hyper, seed):
        assert variant == "ppo_lstm_mask" or variant == "ppo_mask" and network.factors
        self.network, self.hyper, self.seed = network, hyper, seed
        memories = {"separate": ("lstm_actor", "lstm_critic"), "": ()}.get(network.critic, ("lstm_actor",))
        shapes, gates = {}, 4 * network.hidden
        for memory in memories:
            shapes[memory + ".weight_ih_l0"] = (gates, network.inputs)
            shapes[memory + ".weight_hh_l0"] = (gates, network.hidden)
            shapes[memory + ".bias_ih_l0"] = shapes[memory + ".bias_hh_l0"] = (gates,)
        if network.critic == "none":
            shapes |= {"critic.weight": (network.hidden, network.inputs), "critic.bias": (network.hidden,)}
        widths = [network.hidden or network.inputs] + network.tower
        for name in ("policy_net", "value_net"):
            for layer, (inputs, outputs) in enumerate(zip(widths, widths[1:])):
                shapes[f"mlp_extractor.{name}.{2 * layer}.weight"] = (outputs, inputs)
                shapes[f"mlp_extractor.{name}.{2 * layer}.bias"] = (outputs,)
        shapes |= {"action_net.weight": (network.actions, widths[-1]), "action_net.bias": (network.actions,)}
        shapes |= {"value_net.weight": (1, widths[-1]), "value_net.bias": (1,)}
        self.plain = Transcription(network, draw_parameters(shapes, seed), torch.float32)

    def parameters(self):
        return {name: value.detach().numpy().copy() for name, value in self.plain.parameters.items()}

    def collect(self, one_step_episodes=False):
        network, hyper = self.network, self.hyper
        environment = worlds(network, hyper, self.seed)
        observations = environment.reset()
        recorder = Recorder(environment)
        generator = torch.Generator().manual_seed(self.seed)
        starts = np.ones(hyper.lanes, dtype=np.float32)
        names = ["hidden_pi", "cell_pi"] if network.hidden else []
        names += ["hidden_vf", "cell_vf"] if network.critic == "separate" else []
        states = {name: torch.zeros(hyper.lanes, network.hidden) for name in names}
        columns = {name: [] for name in ("observations", "actions", "starts", "values", "log_p", "masks")}
        memories, bootstrap = {name: [] for name in names}, []
        with torch.no_grad():
            for step in range(2 * hyper.horizon):
                masks = np.stack(environment.env_method("action_masks"))
                values, logits, after = self.plain.forward(
                    torch.tensor(observations)[None], torch.tensor(starts)[None], states
                )
                log_p = self.plain.log_probabilities(logits[0], torch.tensor(masks))
                actions = self.plain.draw(log_p, generator)
                for name, memory in memories.items():
                    memory.append(states[name].numpy().copy())
                taken = self.plain.taken(log_p, actions)
                row = (observations.copy(), actions.numpy(), starts, values[0].numpy(), taken.numpy(), masks)
                for column, value in zip(columns.values(), row):
                    column.append(value)
                observations, rewards, dones, _ = environment.step(actions.numpy())
                if one_step_episodes:
                    # Every step is an episode: a last row that truncates would need its final observation, so all terminate.
                    recorder.rows[-1] = (rewards, np.ones_like(dones), np.zeros_like(dones), np.zeros_like(observations))
                    dones = np.ones_like(dones)
                for lane in np.flatnonzero(recorder.rows[-1][2]):
                    final = torch.tensor(recorder.rows[-1][3][lane])[None, None]
                    state = {name: value[lane : lane + 1] for name, value in after.items()}
                    value = self.plain.forward(final, torch.zeros(1, 1), state)[0].item()
                    if step >= hyper.horizon:
                        bootstrap.append(value)
                starts, states = dones.astype(np.float32), after
            last = self.plain.forward(torch.tensor(observations)[None], torch.tensor(starts)[None], states)[0].numpy()
        second = slice(hyper.horizon, None)
        rows = recorder.rows[second]
        ended = starts
        rewards, terminated, truncated, final = (np.stack(column) for column in zip(*rows))
        observed, actions, begun, values, log_p, masks = (np.stack(column[second]) for column in columns.values())
        rollout = Rollout(
            observations=np.concatenate([observed, observations[None]]),
            actions=actions,
            rewards=rewards.astype(np.float32),
            terminated=terminated,
            truncated=truncated,
            finalObservations=final,
            bootstrapValues=place_bootstrap_values(rows, bootstrap),
            episodeStarts=np.concatenate([begun, ended[None]]),
            values=np.concatenate([values, last]),
            logProbabilities=log_p,
            masks=masks,
            states={name: np.stack(memory[second]) for name, memory in memories.items()},
        )
        self.rollout = rollout
        self.expected_advantages = tuple(x.numpy() for x in self.plain.advantages(rollout, hyper))
        return rollout

    def forward(self, batch):
        return transcribed_forward(self.plain, batch)

    def train(self, seed):
        """Rotations as sb3-contrib draws them: one random split of the lane-major rows an epoch. With whole lanes a random order of
        blocks of neighbouring lanes, one block a minibatch."""
        generator, followed = np.random.default_rng(seed), []
        rows = np.arange(self.hyper.horizon * self.hyper.lanes)

        def order():
            if not self.network.hidden:
                return generator.permutation(rows).tolist()
            if self.hyper.scheme == "rotation":
                return np.roll(rows, -int(generator.integers(len(rows)))).tolist()
            return generator.permutation(rows.reshape(-1, self.hyper.batchSize)).reshape(-1).tolist()

        orders = [order() for _ in range(self.hyper.epochs)]

        def follow():
            followed.append(self.plain.parameters[FOLLOWED].detach().numpy().copy())

        return self.plain.update(self.rollout, self.hyper, orders, follow), orders, followed


def transcribed_forward(plain, batch):
    """The same results as `Reference.forward`, from the transcription."""
    masks = None if batch.masks is None else torch.tensor(batch.masks)
    states = {name: plain.tensor(state) for name, state in batch.states.items()}
    with torch.no_grad():
        values, logits, ends = plain.forward(plain.tensor(batch.observations), plain.tensor(batch.starts), states)
        log_p, entropy = plain.score(logits, torch.tensor(batch.actions), masks)
    return {
        "values": values.numpy(),
        "logProbabilities": log_p.numpy(),
        "entropies": entropy.numpy(),
        "allLogProbabilities": plain.log_probabilities(logits, masks).numpy(),
    } | {name: end.numpy() for name, end in ends.items()}
