"""Asks a served Worker by two public clients of its dialects and prints what they understood, as JSON.

usage: ask.py URL MODEL RED.png BLUE.png
"""

import json
import sys

import numpy as np
import tritonclient.http as triton
from huggingface_hub import InferenceClient
from tritonclient.utils import InferenceServerException


def main() -> None:
    url, model, red, blue = sys.argv[1:]
    files = [open(path, "rb").read() for path in (red, blue)]
    said = {"v2": ask_by_triton(url, model, files), "hf": ask_by_hugging_face(url, model, red)}
    print(json.dumps(said))


def ask_by_triton(url: str, model: str, files: list[bytes]) -> dict:
    client = triton.InferenceServerClient(url.removeprefix("http://"))
    metadata = client.get_model_metadata(model)
    version = metadata["versions"][0]

    image = triton.InferInput("image", [len(files)], "BYTES")
    image.set_data_from_numpy(np.array(files, dtype=np.object_), binary_data=True)
    by_files = client.infer(model, [image])

    height, width = metadata["inputs"][1]["shape"][1:3]
    # solid red: of this model 0 to 1 is the normalized range
    values = np.zeros((1, height, width, 3), dtype=np.float32)
    values[..., 0] = 1
    by_pixels = {}
    for name, is_binary in (("binary", True), ("json", False)):
        pixels = triton.InferInput("input", values.shape, "FP32")
        pixels.set_data_from_numpy(values, binary_data=is_binary)
        wanted = triton.InferRequestedOutput("probabilities", binary_data=is_binary)
        answer = client.infer(model, [pixels], outputs=[wanted], model_version=version, request_id="mine")
        by_pixels[name] = answer.as_numpy("probabilities").tolist()

    ranked = triton.InferRequestedOutput("probabilities", class_count=2)
    by_rank = client.infer(model, [image], outputs=[ranked]).as_numpy("probabilities")
    try:
        client.infer("nobody", [image])
        refusal = ""
    except InferenceServerException as error:
        refusal = f"{error.status()}: {error.message()}"
    return {
        "live": client.is_server_live(),
        "ready": client.is_server_ready(),
        "modelReady": client.is_model_ready(model, version),
        "absentReady": client.is_model_ready("nobody"),
        "extensions": client.get_server_metadata()["extensions"],
        "labels": [label.decode() for label in by_files.as_numpy("label")],
        "recognized": by_files.as_numpy("recognized").tolist(),
        "probabilities": by_files.as_numpy("probabilities").tolist(),
        "byPixels": by_pixels,
        "ranked": [[entry.decode() for entry in row] for row in by_rank],
        "refusal": refusal,
    }


def ask_by_hugging_face(url: str, model: str, file: str) -> dict:
    named = InferenceClient(model=f"{url}/hf/models/{model}")
    raw = named.image_classification(file)
    two = InferenceClient(model=f"{url}/hf").image_classification(file, top_k=2)
    return {"raw": [vars_of(entry) for entry in raw], "two": [vars_of(entry) for entry in two]}


def vars_of(entry) -> dict:
    return {"label": entry["label"], "score": entry["score"]}


main()
