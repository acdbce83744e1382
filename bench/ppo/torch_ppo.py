"""PPO on CartPole with torch on one thread: CleanRL's ppo.py in settings and order, environments in plain Python.

Prints one JSON object: steps, seconds (after a first update that warms up).
"""

import json
import math
import random
import sys
import time

import torch
from torch import nn

torch.set_num_threads(1)
STEPS = int(sys.argv[1])
SEED = int(sys.argv[2])
ENVIRONMENTS, LENGTH, EPOCHS, MINIBATCHES = 4, 128, 4, 4
BATCH = ENVIRONMENTS * LENGTH
torch.manual_seed(SEED)
random.seed(SEED)


class CartPole:
    def __init__(self):
        self.reset()

    def reset(self):
        self.state = [random.uniform(-0.05, 0.05) for _ in range(4)]
        self.steps = 0

    def step(self, action):
        x, speed, angle, spin = self.state
        force = 10.0 if action == 1 else -10.0
        cos, sin = math.cos(angle), math.sin(angle)
        push = (force + 0.05 * spin * spin * sin) / 1.1
        turn = (9.8 * sin - cos * push) / (0.5 * (4.0 / 3.0 - 0.1 * cos * cos / 1.1))
        acceleration = push - 0.05 * turn * cos / 1.1
        self.state = [x + 0.02 * speed, speed + 0.02 * acceleration, angle + 0.02 * spin, spin + 0.02 * turn]
        self.steps += 1
        fell = abs(self.state[0]) > 2.4 or abs(self.state[2]) > 12 * 2 * math.pi / 360
        return fell or self.steps >= 500


def layer(inputs, outputs, gain):
    linear = nn.Linear(inputs, outputs)
    nn.init.orthogonal_(linear.weight, gain)
    nn.init.zeros_(linear.bias)
    return linear


def tower(outputs, gain):
    root2 = math.sqrt(2)
    return nn.Sequential(layer(4, 64, root2), nn.Tanh(), layer(64, 64, root2), nn.Tanh(), layer(64, outputs, gain))


actor, critic = tower(2, 0.01), tower(1, 1.0)
parameters = [*actor.parameters(), *critic.parameters()]
optimiser = torch.optim.Adam(parameters, lr=2.5e-4, eps=1e-5)
carts = [CartPole() for _ in range(ENVIRONMENTS)]
next_done = torch.zeros(ENVIRONMENTS)
updates = STEPS // BATCH + 1
started = 0.0

for update in range(updates):
    if update == 1:
        started = time.perf_counter()
    optimiser.param_groups[0]["lr"] = 2.5e-4 * (1 - update / updates)
    observations = torch.zeros(LENGTH, ENVIRONMENTS, 4)
    actions, log_probabilities, values, dones = (torch.zeros(LENGTH, ENVIRONMENTS) for _ in range(4))
    for step in range(LENGTH):
        observation = torch.tensor([cart.state for cart in carts])
        with torch.no_grad():
            distribution = torch.distributions.Categorical(logits=actor(observation))
            action = distribution.sample()
            observations[step], actions[step], dones[step] = observation, action, next_done
            log_probabilities[step] = distribution.log_prob(action)
            values[step] = critic(observation).flatten()
        over = [cart.step(a) for cart, a in zip(carts, action.tolist())]
        for cart, ended in zip(carts, over):
            if ended:
                cart.reset()
        next_done = torch.tensor(over, dtype=torch.float32)
    with torch.no_grad():
        next_value = critic(torch.tensor([cart.state for cart in carts])).flatten()
        advantages = torch.zeros_like(values)
        last = torch.zeros(ENVIRONMENTS)
        for step in reversed(range(LENGTH)):
            goes_on = 1 - (next_done if step == LENGTH - 1 else dones[step + 1])
            following = next_value if step == LENGTH - 1 else values[step + 1]
            surprise = 1 + 0.99 * following * goes_on - values[step]
            last = surprise + 0.99 * 0.95 * goes_on * last
            advantages[step] = last
        returns = advantages + values
    flat = [t.reshape(BATCH, *t.shape[2:]) for t in (observations, actions, log_probabilities, values, advantages, returns)]
    for _ in range(EPOCHS):
        order = torch.randperm(BATCH)
        for some in order.split(BATCH // MINIBATCHES):
            o, a, old, v, adv, ret = (t[some] for t in flat)
            distribution = torch.distributions.Categorical(logits=actor(o))
            ratio = (distribution.log_prob(a) - old).exp()
            adv = (adv - adv.mean()) / (adv.std() + 1e-8)
            policy_loss = torch.max(-adv * ratio, -adv * ratio.clamp(0.8, 1.2)).mean()
            value = critic(o).flatten()
            held = v + (value - v).clamp(-0.2, 0.2)
            value_loss = 0.5 * torch.max((value - ret) ** 2, (held - ret) ** 2).mean()
            loss = policy_loss - 0.01 * distribution.entropy().mean() + 0.5 * value_loss
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(parameters, 0.5)
            optimiser.step()

print(json.dumps({"steps": (updates - 1) * BATCH, "seconds": time.perf_counter() - started}))
