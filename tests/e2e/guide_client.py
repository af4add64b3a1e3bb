"""The client that the tuning guide describes: requests, 30 s, no key, `.json().get("response")`."""

import requests

BASE_URL = "http://localhost:8080"


def chat(prompt, **parameters):
    response = requests.post(f"{BASE_URL}/chat", json={"prompt": prompt, **parameters}, timeout=30)
    response.raise_for_status()
    return response.json().get("response")


def chat_stream(prompt, **parameters):
    """What a front end shows: every `data:` line as it comes."""
    shown = []
    with requests.post(f"{BASE_URL}/chat_stream", json={"prompt": prompt, **parameters}, timeout=30,
                       stream=True) as response:
        response.raise_for_status()
        response.encoding = "utf-8"
        for line in response.iter_lines(decode_unicode=True):
            if line.startswith("data: "):
                shown.append(line[len("data: "):])
    return shown


def health():
    return requests.get(f"{BASE_URL}/health", timeout=30).json()


MODES = {
    "speed": {"temperature": 0.3, "top_k": 30, "top_p": 0.8, "max_new_tokens": 64, "repetition_penalty": 1.1},
    "balanced": {"temperature": 0.5, "top_k": 40, "top_p": 0.9, "max_new_tokens": 128, "repetition_penalty": 1.2},
    "quality": {"temperature": 0.7, "top_k": 50, "top_p": 0.95, "max_new_tokens": 256, "repetition_penalty": 1.3},
}
