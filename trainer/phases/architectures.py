"""Random weights of a planned architecture: decoder of the Llama type, encoder of the BERT type, T5 of both.

Enter at `build`.
"""

from typing import assert_never

from transformers import (
    BertConfig,
    BertForMaskedLM,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    T5Config,
    T5ForConditionalGeneration,
)

from advisor.contracts.plan import Architecture


def build(source: Architecture, tokenizer: PreTrainedTokenizerBase) -> PreTrainedModel:
    """A model with random weights; seed before calling."""
    match source.family:
        case "decoder":
            return LlamaForCausalLM(llama_config(source, tokenizer))
        case "masked":
            return BertForMaskedLM(bert_config(source, tokenizer))
        case "seq2seq":
            return T5ForConditionalGeneration(t5_config(source, tokenizer))
        case _:
            assert_never(source.family)


def llama_config(source: Architecture, tokenizer: PreTrainedTokenizerBase) -> LlamaConfig:
    """The planned architecture with the tokenizer's vocabulary, which a small corpus may leave smaller."""
    return LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=source.hidden_size,
        intermediate_size=source.ffn_size,
        num_hidden_layers=source.num_layers,
        num_attention_heads=source.num_heads,
        num_key_value_heads=source.num_kv_heads,
        max_position_embeddings=source.context_tokens,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        tie_word_embeddings=False,
    )


def bert_config(source: Architecture, tokenizer: PreTrainedTokenizerBase) -> BertConfig:
    """An encoder; one kind of segment, as no next sentence is foretold."""
    return BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=source.hidden_size,
        intermediate_size=source.ffn_size,
        num_hidden_layers=source.num_layers,
        num_attention_heads=source.num_heads,
        max_position_embeddings=source.context_tokens,
        type_vocab_size=1,
        pad_token_id=tokenizer.pad_token_id,
    )


def t5_config(source: Architecture, tokenizer: PreTrainedTokenizerBase) -> T5Config:
    """Encoder and decoder of `num_layers` each. Decoding starts from the padding token, as T5's does."""
    return T5Config(
        vocab_size=len(tokenizer),
        d_model=source.hidden_size,
        d_kv=source.hidden_size // source.num_heads,
        d_ff=source.ffn_size,
        num_layers=source.num_layers,
        num_decoder_layers=source.num_layers,
        num_heads=source.num_heads,
        n_positions=source.context_tokens,
        max_position_embeddings=source.context_tokens,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        decoder_start_token_id=tokenizer.pad_token_id,
    )
