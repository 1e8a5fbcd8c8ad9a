"""The model of the Python peers: an encoder of transformers, a linear or gaussian head per task, and the losses on top."""

import torch
import transformers

transformers.utils.logging.set_verbosity_error()


class Model(torch.nn.Module):
    def __init__(self, folder, classes, gaussian):
        """classes: {task: how many}"""
        super().__init__()
        self.encoder = transformers.AutoModel.from_pretrained(folder, add_pooling_layer=False).float()
        self.gaussian = gaussian
        width = self.encoder.config.hidden_size
        self.heads = torch.nn.ModuleDict(
            {task: torch.nn.Linear(width, count * (2 if gaussian else 1)) for task, count in classes.items()})
        self.dropout = torch.nn.Dropout(0.2 if gaussian else 0.1)

    def pooled(self, ids, mask):
        """[B, H] states of the first token, float32"""
        return self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state[:, 0].float()

    def views(self, ids, mask):
        """The pooled dropout views that the losses need, all in one pass."""
        if not self.gaussian:
            return [self.pooled(ids, mask)]
        return list(self.pooled(ids.repeat(2, 1), mask.repeat(2, 1)).chunk(2))

    def loss(self, task, views, labels, temperature=1.0, alpha=0.1, beta=0.01):
        """Cross-entropy; with a gaussian head InfoMTL: + alpha InfoNCE of two views + beta KL to N(0, I)."""
        output = self.heads[task](self.dropout(views[0])).float()
        if not self.gaussian:
            return torch.nn.functional.cross_entropy(output, labels)
        mean, log_variance = output.chunk(2, dim=1)
        sample = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
        supervised = torch.nn.functional.cross_entropy(sample, labels)
        first, second = (torch.nn.functional.normalize(view, dim=1) for view in views)
        simax = torch.nn.functional.cross_entropy(first @ second.T / temperature, torch.arange(len(labels), device=labels.device))
        timin = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1).mean()
        return supervised + alpha * simax + beta * timin
