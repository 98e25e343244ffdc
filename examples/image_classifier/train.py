"""Train it: python -m examples.image_classifier.train."""

import torch
import torch.nn.functional as F

from examples.image_classifier.data import loader
from examples.image_classifier.model import Classifier


def main(epochs: int = 2) -> None:
    model = Classifier()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    for epoch in range(epochs):
        for images, labels in loader():
            optimizer.zero_grad()
            loss = F.cross_entropy(model(images), labels)
            loss.backward()
            optimizer.step()
        print(f"epoch {epoch}: loss {loss.item():.3f}")


if __name__ == "__main__":
    main()
