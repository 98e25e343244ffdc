"""Train it: python -m examples.multi_task.train."""

import torch

from examples.multi_task.model import MultiTask, data, step


def main(steps: int = 300) -> None:
    model = MultiTask()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for number in range(steps):
        loss = step(model, data())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        if number % 100 == 99:
            print(f"step {number + 1}: loss {loss.item():.3f}")


if __name__ == "__main__":
    main()
