"""The reference of the speed benchmark: P-Tuning v2 on a frozen BERT as its authors' code computes it (padded batches, autograd), in plain PyTorch.

Reads one JSON object a line from standard input and answers each with one JSON object a line on standard output.
The first names what to load:
  {"folder": BERT's folder (config.json, model.safetensors), "prompt": safetensors file of prefix and classifier,
   "threads": n, "dropout": p, "rows": [[id, ...], ...], "labels": [class, ...]}
The others ask for work on batches of those rows, padded to a length or, with "longest", to the longest row of each batch:
  {"do": "train" | "predict", "batches": [[row, ...], ...], "pad": 128 | "longest"}  ->  {"seconds": s}
  {"do": "check", "batches": [[row, ...]], "pad": ..., "gradient": file}  ->  {"logits": [[...], ...]}, the prefix's gradient as raw float32 in the file
"""
import json
import math
import os
import struct
import sys
import time

import torch
import torch.nn.functional as F


def read_safetensors(path):
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = bytearray(file.read())
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        if entry["dtype"] != "F32":
            raise ValueError(f"{path}: tensor '{name}' is {entry['dtype']}; this reference reads F32 only")
        begin, end = entry["data_offsets"]
        tensors[name] = torch.frombuffer(data, dtype=torch.float32, count=(end - begin) // 4, offset=begin).reshape(entry["shape"])
    return tensors


class Model:
    def __init__(self, folder, prompt, dropout):
        with open(os.path.join(folder, "config.json")) as file:
            config = json.load(file)
        self.layers, self.heads, self.hidden = config["num_hidden_layers"], config["num_attention_heads"], config["hidden_size"]
        self.epsilon, self.dropout = config["layer_norm_eps"], dropout
        self.frozen = {name.removeprefix("bert."): tensor for name, tensor in read_safetensors(os.path.join(folder, "model.safetensors")).items()}
        trained = read_safetensors(prompt)
        self.prefix = trained["prefix_encoder.embedding.weight"].clone().requires_grad_()
        self.weight = trained["classifier.weight"].clone().requires_grad_()
        self.bias = trained["classifier.bias"].clone().requires_grad_()
        self.optimizer = torch.optim.AdamW([self.prefix, self.weight, self.bias], lr=1e-3, weight_decay=0.01)

    def linear(self, name, x):
        return F.linear(x, self.frozen[name + ".weight"], self.frozen[name + ".bias"])

    def norm(self, name, x):
        return F.layer_norm(x, (self.hidden,), self.frozen[name + ".weight"], self.frozen[name + ".bias"], self.epsilon)

    def drop(self, x, training):
        return F.dropout(x, self.dropout, training)

    def past_key_values(self, batch, training):
        """Keys and values a layer, [2, B, heads, P, d] each."""
        length = self.prefix.shape[0]
        ids = torch.arange(length).unsqueeze(0).expand(batch, -1)
        past = F.embedding(ids, self.prefix).view(batch, length, self.layers * 2, self.heads, self.hidden // self.heads)
        return self.drop(past, training).permute([2, 0, 3, 1, 4]).split(2)

    def split_heads(self, x):
        return x.view(x.shape[0], x.shape[1], self.heads, self.hidden // self.heads).permute(0, 2, 1, 3)

    def attention(self, name, x, mask, past, training):
        query = self.split_heads(self.linear(name + ".self.query", x))
        key = torch.cat([past[0], self.split_heads(self.linear(name + ".self.key", x))], dim=2)
        value = torch.cat([past[1], self.split_heads(self.linear(name + ".self.value", x))], dim=2)
        scores = torch.matmul(query, key.transpose(-1, -2)) / math.sqrt(self.hidden // self.heads) + mask
        context = torch.matmul(self.drop(F.softmax(scores, dim=-1), training), value)
        context = context.permute(0, 2, 1, 3).contiguous().view(x.shape)
        return self.norm(name + ".output.LayerNorm", self.drop(self.linear(name + ".output.dense", context), training) + x)

    def logits(self, ids, mask, training):
        batch, longest = ids.shape
        length = self.prefix.shape[0]
        positions = torch.arange(length, length + longest)
        x = (F.embedding(ids, self.frozen["embeddings.word_embeddings.weight"])
             + F.embedding(torch.zeros_like(ids), self.frozen["embeddings.token_type_embeddings.weight"])
             + F.embedding(positions, self.frozen["embeddings.position_embeddings.weight"]))
        x = self.drop(self.norm("embeddings.LayerNorm", x), training)
        whole = torch.cat([torch.ones(batch, length), mask], dim=1)
        additive = (1.0 - whole[:, None, None, :]) * -10000.0
        past = self.past_key_values(batch, training)
        for layer in range(self.layers):
            name = f"encoder.layer.{layer}"
            x = self.attention(name + ".attention", x, additive, past[layer], training)
            widened = F.gelu(self.linear(name + ".intermediate.dense", x))
            x = self.norm(name + ".output.LayerNorm", self.drop(self.linear(name + ".output.dense", widened), training) + x)
        pooled = torch.tanh(self.linear("pooler.dense", x[:, 0]))
        return F.linear(self.drop(pooled, training), self.weight, self.bias)

    def backward(self, batch):
        ids, mask, labels = batch
        self.optimizer.zero_grad()
        logits = self.logits(ids, mask, training=True)
        F.cross_entropy(logits, labels).backward()
        return logits

    def train_step(self, batch):
        self.backward(batch)
        torch.nn.utils.clip_grad_norm_([self.prefix, self.weight, self.bias], 1.0)
        self.optimizer.step()

    def predict_step(self, batch):
        with torch.no_grad():
            return F.softmax(self.logits(*batch[:2], training=False), dim=-1)


def pad(rows, labels, indices, width):
    if width == "longest":
        width = max(len(rows[i]) for i in indices)
    ids = torch.zeros(len(indices), width, dtype=torch.long)
    mask = torch.zeros(len(indices), width)
    for place, i in enumerate(indices):
        ids[place, :len(rows[i])] = torch.tensor(rows[i])
        mask[place, :len(rows[i])] = 1
    return ids, mask, torch.tensor([labels[i] for i in indices])


def answer(model, setup, request):
    batches = [pad(setup["rows"], setup["labels"], indices, request["pad"]) for indices in request["batches"]]
    if request["do"] == "check":
        logits = model.backward(batches[0])
        with open(request["gradient"], "wb") as file:
            file.write(bytes(model.prefix.grad.contiguous().view(torch.uint8).flatten().numpy()))
        return {"logits": logits.tolist()}
    step = model.train_step if request["do"] == "train" else model.predict_step
    started = time.perf_counter()
    for batch in batches:
        step(batch)
    return {"seconds": time.perf_counter() - started}


def main():
    setup = json.loads(sys.stdin.readline())
    torch.set_num_threads(setup["threads"])
    torch.manual_seed(1)
    model = Model(setup["folder"], setup["prompt"], setup["dropout"])
    for line in sys.stdin:
        print(json.dumps(answer(model, setup, json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
