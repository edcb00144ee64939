import torch

from fame.core.transfer import sent


def test_on_a_cpu_the_same_tensor_comes_back():
    values = torch.arange(3)
    assert sent(values, torch.device("cpu")) is values


def test_a_gpu_is_sent_page_locked_memory_without_waiting(monkeypatch):
    """Without a GPU: what is asked of PyTorch, in which order."""
    asked = []
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda self: asked.append("pinned") or self)
    monkeypatch.setattr(
        torch.Tensor, "to", lambda self, device, **options: asked.append((device.type, options))
    )
    sent(torch.arange(3), torch.device("cuda"))
    assert asked == ["pinned", ("cuda", {"non_blocking": True})]
