"""Haystack's hybrid retrieval as its users start with it; runs in an environment that has ``haystack-ai`` and none of our packages.

The components, how they are connected and every setting are those of Haystack's tutorial "Creating a Hybrid Retrieval Pipeline" without its last step,
a cross-encoder (an English one, and no part of a retriever). That tutorial joins by ``DocumentJoiner``'s default, ``concatenate``, which sorts BM25's
scores and inner products as if they were one scale. Therefore reciprocal-rank fusion, its other usual mode, is answered beside it.

One JSON object comes in on stdin and one goes out on stdout: see ``bench.framework``.
"""

from __future__ import annotations

import json
import sys
from typing import Any

#: What is printed, and the join mode behind it; None is whatever ``DocumentJoiner()`` does.
JOINERS = {"Haystack default hybrid": None, "Haystack hybrid (reciprocal rank fusion)": "reciprocal_rank_fusion"}
_REACHING_OUT = frozenset(("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "socket.sendmsg"))


def stay_offline() -> None:
    """Refuse every connection for the rest of this process: a comparison has nobody to ask."""

    def refuse(event: str, _: tuple[Any, ...]) -> None:
        if event in _REACHING_OUT:
            raise ConnectionRefusedError("the comparison runs without a network")

    sys.addaudithook(refuse)


def hybrid(documents: list[dict[str, Any]]) -> Any:
    """The pipeline over these documents; one joiner for each way of joining."""
    from haystack import Document, Pipeline
    from haystack.components.joiners import DocumentJoiner
    from haystack.components.retrievers.in_memory import InMemoryBM25Retriever, InMemoryEmbeddingRetriever
    from haystack.document_stores.in_memory import InMemoryDocumentStore

    store = InMemoryDocumentStore()
    store.write_documents([Document(id=each["id"], content=each["text"], embedding=each["vector"]) for each in documents])
    pipeline = Pipeline()
    pipeline.add_component("bm25_retriever", InMemoryBM25Retriever(store))
    pipeline.add_component("embedding_retriever", InMemoryEmbeddingRetriever(store))
    for name, mode in JOINERS.items():
        pipeline.add_component(name, DocumentJoiner() if mode is None else DocumentJoiner(join_mode=mode))
        pipeline.connect("bm25_retriever", name)
        pipeline.connect("embedding_retriever", name)
    return pipeline


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Ids of the documents for each question, best first, by way of joining."""
    import haystack

    pipeline = hybrid(request["documents"])
    rankings: dict[str, list[list[str]]] = {name: [] for name in JOINERS}
    for question in request["questions"]:
        allowed = {"field": "id", "operator": "in", "value": question["allowed"]}
        found = pipeline.run(
            {
                "bm25_retriever": {"query": question["text"], "filters": allowed},
                "embedding_retriever": {"query_embedding": question["vector"], "filters": allowed},
            }
        )
        for name, rows in rankings.items():
            rows.append([document.id for document in found[name]["documents"]])
    return {"version": haystack.__version__, "rankings": rankings}


def main() -> None:
    """Answer the request on stdin."""
    stay_offline()
    sys.stdout.write(json.dumps(answer(json.load(sys.stdin))) + "\n")


if __name__ == "__main__":
    main()
