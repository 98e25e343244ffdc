"""Fine: forward returns scores for the cross entropy; softmax appears in predict only."""
import torch
import torch.nn as nn


class NewsClassifier(nn.Module):
    def __init__(self, vocab_size, embed_dim=64, num_class=4):
        super().__init__()
        self.embedding = nn.EmbeddingBag(vocab_size, embed_dim)
        self.fc = nn.Linear(embed_dim, num_class)
        self.softmax = nn.Softmax(dim=1)

    def forward(self, text, offsets):
        return self.fc(self.embedding(text, offsets))

    @torch.no_grad()
    def predict_proba(self, text, offsets):
        self.eval()
        return self.softmax(self(text, offsets))


def train(dataloader, model, optimizer, criterion, epoch):
    model.train()
    total_acc, total_count = 0, 0
    for idx, (label, text, offsets) in enumerate(dataloader):
        optimizer.zero_grad()
        predicted_label = model(text, offsets)
        loss = criterion(predicted_label, label)
        loss.backward()
        optimizer.step()
        total_acc += (predicted_label.argmax(1) == label).sum().item()
        total_count += label.size(0)
        if idx % 500 == 0 and idx > 0:
            print("| epoch {:3d} | {:5d} batches | accuracy {:8.3f}".format(epoch, idx, total_acc / total_count))
            total_acc, total_count = 0, 0


def main(loader, vocab_size):
    model = NewsClassifier(vocab_size)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    for epoch in range(1, 11):
        train(loader, model, optimizer, criterion, epoch)
