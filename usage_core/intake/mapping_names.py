"""What columns of calls are called in the logs of this world."""

from collections.abc import Mapping

NAMES: Mapping[str, tuple[str, ...]] = {
    field: tuple(name.strip().replace("_", " ") for name in names.split(","))
    for field, names in {
        "called_at": """
            timestamp, datetime, called_at, created_at, created, start_time, started_at, starttime,
            request_created_at, request_time, time, date, ts, when, zeit, zeitpunkt, datum, at
        """,
        "model": """
            model, model_name, model_id, llm_model, response_model, request_model, engine, deployment,
            model_permaslug, model_slug, modell
        """,
        "api_key_id": """
            api_key_id, key_id, api_key, apikey, key, token_id, virtual_key, key_hash, client_id,
            project_id, schluessel, schlüssel
        """,
        "api_key_name": """
            api_key_name, key_name, key_alias, alias, project, project_name, app, application, service,
            team, client, projekt
        """,
        "provider": "provider, vendor, llm_provider, provider_name, system, anbieter",
        "input_tokens": """
            input_tokens, prompt_tokens, tokens_in, tokens_input, tokens_prompt, input_token_count,
            in_tokens, tokens_sent, request_tokens, prompt_token_count, context_tokens, num_prompt_tokens,
            num_input_tokens, prefill_tokens, input, eingabe, eingabe_tokens
        """,
        "output_tokens": """
            output_tokens, completion_tokens, tokens_out, tokens_output, tokens_completion,
            output_token_count, out_tokens, tokens_received, response_tokens, candidates_token_count,
            generated_tokens, generation_tokens, num_generation_tokens, num_output_tokens, decode_tokens,
            output, answer_tokens, reply_tokens, ausgabe, ausgabe_tokens
        """,
        "completion_time_ms": """
            completion_time, latency, duration, response_time, elapsed, elapsed_time, total_time, took,
            request_duration, generation_time, end_time, ended_at, finished_at, completed_at, dauer,
            seconds, milliseconds, ms
        """,
        "cost_pico": """
            cost, total_cost, spend, price, amount, cost_total, usage_cost, response_cost, kosten, preis, usd
        """,
        "input_price": """
            input_price, input_token_price, prompt_price, price_in, input_cost_per_token, price_input,
            input_token_price_usd_1m_tokens, input_token_price_per_1m
        """,
        "output_price": """
            output_price, output_token_price, completion_price, price_out, output_cost_per_token,
            price_output,
            output_token_price_usd_1m_tokens, output_token_price_per_1m
        """,
        "cache_read_tokens": """
            cache_read_tokens, cached_tokens, cache_read_input_tokens, input_cached_tokens, tokens_cached,
            cached_input_tokens, cache_hit_tokens
        """,
        "cache_write_tokens": "cache_write_tokens, cache_creation_tokens, cache_creation_input_tokens",
        "cache_write_1h_tokens": """
            cache_write_1h_tokens, cache_write_1h, ephemeral_1h_input_tokens, cache_creation_1h_tokens,
            cache_creation_1h_input_tokens, input_cache_creation_1h, cache_write_tokens_1h
        """,
        "reasoning_tokens": "reasoning_tokens, tokens_reasoning, thinking_tokens, thoughts_token_count",
        "time_to_first_token_ms": """
            time_to_first_token, ttft, first_token, first_token_latency, time_to_first_chunk
        """,
        "status": "status, status_code, http_status, outcome, result, state, success",
        "kind": """
            kind, type, operation, endpoint, call_type, request_type, operation_name, object
        """,
        "service_tier": "service_tier, tier",
        "source_call_id": """
            id, request_id, call_id, response_id, generation_id, trace_id, message_id, completion_id
        """,
    }.items()
}
"""Field -> names of columns that mean it, in lower case, the likeliest first."""
