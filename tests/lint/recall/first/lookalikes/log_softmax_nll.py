"""Fine: log_softmax in forward and NLLLoss outside belong together; exp gives the probabilities."""
import torch
from torch import nn
from torch import optim
from torch.nn import functional


class CharRNN(nn.Module):
    def __init__(self, input_size, hidden_size, output_size):
        super(CharRNN, self).__init__()
        self.rnn = nn.GRU(input_size, hidden_size)
        self.h2o = nn.Linear(hidden_size, output_size)
        self.softmax = nn.LogSoftmax(dim=1)

    def forward(self, line_tensor):
        _, hidden = self.rnn(line_tensor)
        return self.softmax(self.h2o(hidden[0]))


def train(rnn, training_data, n_epoch=10, learning_rate=0.2, n_batch_size=64, criterion=nn.NLLLoss()):
    rnn.train()
    optimizer = optim.SGD(rnn.parameters(), lr=learning_rate)
    for epoch in range(1, n_epoch + 1):
        rnn.zero_grad()
        for batch in training_data.batches(n_batch_size):
            batch_loss = 0
            for label_tensor, text_tensor in batch:
                output = rnn(text_tensor)
                batch_loss += criterion(output, label_tensor)
            batch_loss = batch_loss / len(batch)
            batch_loss.backward()
            nn.utils.clip_grad_norm_(rnn.parameters(), 3)
            optimizer.step()
            optimizer.zero_grad()
        print(f"{epoch}: {batch_loss.item():.4f}")


def label_and_confidence(rnn, text_tensor, classes):
    with torch.no_grad():
        p = rnn(text_tensor).exp()
    top_p, top_i = p.topk(1)
    return classes[top_i[0].item()], top_p.item()


def other_loss(scores, target):
    return functional.nll_loss(functional.log_softmax(scores, dim=-1), target)
