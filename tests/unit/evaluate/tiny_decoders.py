"""Llama decoders of one or two layers with a tokenizer of their own, made and taught in seconds."""

CONTEXT_TOKENS = 128
TEXTS = ["The man and the woman work as engineers and nurses.", "red or blue, yes or no", "Größe, Straße, Öl"] * 4


def save_decoder(directory, *, seed, zero_head=False):
    """A decoder with random weights; with `zero_head` every token is equally likely everywhere."""
    import torch
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

    from trainer.tokenizer import train_tokenizer

    train_tokenizer(TEXTS, vocab_size=300, context_tokens=CONTEXT_TOKENS, directory=directory)
    tokenizer = AutoTokenizer.from_pretrained(directory)
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=CONTEXT_TOKENS,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        tie_word_embeddings=False,
    )
    model = LlamaForCausalLM(config)
    if zero_head:
        torch.nn.init.zeros_(model.lm_head.weight)
    model.save_pretrained(directory)
    return directory


def teach(directory, texts, *, steps=60):
    """Train on texts, all of them each step, and save."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from trainer.tokenizer import END_OF_TEXT

    tokenizer = AutoTokenizer.from_pretrained(directory)
    model = AutoModelForCausalLM.from_pretrained(directory)
    start = tokenizer.get_vocab()[END_OF_TEXT]
    rows = [[start, *tokenizer(text)["input_ids"]] for text in texts]
    size = max(map(len, rows))
    ids = torch.tensor([row + [start] * (size - len(row)) for row in rows])
    labels = torch.tensor([row + [-100] * (size - len(row)) for row in rows])
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for _ in range(steps):
        optimizer.zero_grad()
        model(input_ids=ids, labels=labels).loss.backward()
        optimizer.step()
    model.save_pretrained(directory)
    return directory


def teach_answers(directory, questions, *, steps=80):
    """Train on questions and answers in the chat form, loss on the answers and their end alone."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(directory)
    model = AutoModelForCausalLM.from_pretrained(directory)
    rows, targets = [], []
    for question, answer in questions:
        text = tokenizer.apply_chat_template(
            [{"role": "user", "content": question}], tokenize=False, add_generation_prompt=True
        )
        prompt = tokenizer(text, add_special_tokens=False)["input_ids"]
        reply = [*tokenizer(answer, add_special_tokens=False)["input_ids"], tokenizer.eos_token_id]
        rows.append(prompt + reply)
        targets.append([-100] * len(prompt) + reply)
    size = max(map(len, rows))
    ids = torch.tensor([row + [0] * (size - len(row)) for row in rows])
    labels = torch.tensor([row + [-100] * (size - len(row)) for row in targets])
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for _ in range(steps):
        optimizer.zero_grad()
        model(input_ids=ids, labels=labels).loss.backward()
        optimizer.step()
    model.save_pretrained(directory)
    return directory
