"""A transformer-free language model trained by Adam at a rate of 1.0 from the config.

Report: https://github.com/rajveermalviya/language-modeling/issues/3
"""
import torch
import torch.nn as nn


class Config:
    embedding_dim = 300
    hidden_dim = 300
    num_layers = 2
    dropout = 0.3
    learning_rate = 1.0
    clip = 0.25
    epochs = 40


class LanguageModel(nn.Module):
    def __init__(self, vocab_size, cfg=Config):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, cfg.embedding_dim)
        self.gru = nn.GRU(cfg.embedding_dim, cfg.hidden_dim, cfg.num_layers,
                          dropout=cfg.dropout, batch_first=True)
        self.fc = nn.Linear(cfg.hidden_dim, vocab_size)

    def forward(self, x, h=None):
        out, h = self.gru(self.embedding(x), h)
        return self.fc(out), h


def train(corpus, vocab_size):
    model = LanguageModel(vocab_size)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=Config.learning_rate)
    for epoch in range(Config.epochs):
        model.train()
        for x, y in corpus:
            optimizer.zero_grad()
            logits, _ = model(x)
            loss = criterion(logits.reshape(-1, vocab_size), y.reshape(-1))
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), Config.clip)
            optimizer.step()
        print("epoch", epoch, "ppl", loss.exp().item())
