"""A SavedModel in TensorFlow's C++ runtime: tensorflow::LoadSavedModel and Session::Run, through the C API."""

import ctypes

import numpy as np
from tensorflow.core.protobuf import meta_graph_pb2
from tensorflow.python.framework import dtypes

from custom_ops.toolchain import find_tensorflow

INVALID_ARGUMENT, NOT_FOUND = 3, 5  # the codes of absl::Status, which are gRPC's
STRING_BYTES = 24  # sizeof(TF_TString)


class ServingError(Exception):
    """Why a request has no answer: `code` of absl::Status, and the message."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


class Buffer(ctypes.Structure):
    """TF_Buffer."""

    _fields_ = (("data", ctypes.c_void_p), ("length", ctypes.c_size_t), ("deallocator", ctypes.c_void_p))


class Output(ctypes.Structure):
    """TF_Output."""

    _fields_ = (("operation", ctypes.c_void_p), ("index", ctypes.c_int))


class LoadedModel:
    """A SavedModel, ready to answer requests; safe to call from several threads.

    Attributes:
        name: What it is served as.
        signatures: Map from names to SignatureDef.
    """

    def __init__(self, name, folder):
        self.name = name
        self._api = _c_api()
        self._graph = self._api.TF_NewGraph()
        tags = (ctypes.c_char_p * 1)(b"serve")
        meta_graph = self._api.TF_NewBuffer()
        with self._status() as status:
            self._session = self._api.TF_LoadSessionFromSavedModel(
                self._api.TF_NewSessionOptions(), None, str(folder).encode(), tags, 1, self._graph, meta_graph, status
            )
        content = ctypes.string_at(meta_graph.contents.data, meta_graph.contents.length)
        self.signatures = meta_graph_pb2.MetaGraphDef.FromString(content).signature_def

    def signature(self, name):
        """Return the SignatureDef of a name, `serving_default` for an empty one."""
        name = name or "serving_default"
        if name not in self.signatures:
            raise ServingError(INVALID_ARGUMENT, f'Serving signature name: "{name}" not found in signature def')
        return self.signatures[name]

    def run(self, signature, inputs):
        """Return a dict of output arrays for a dict of input arrays; strings are arrays of bytes objects."""
        signature = self.signature(signature)
        if set(inputs) != set(signature.inputs):
            raise ServingError(INVALID_ARGUMENT, f"expected inputs {sorted(signature.inputs)}, got {sorted(inputs)}")
        names = list(signature.outputs)
        feeds = self._outputs(signature.inputs[name].name for name in inputs)
        fetches = self._outputs(signature.outputs[name].name for name in names)
        values = (ctypes.c_void_p * len(inputs))(*(self._tensor(array) for array in inputs.values()))
        results = (ctypes.c_void_p * len(names))()
        try:
            with self._status() as status:
                self._api.TF_SessionRun(
                    *(self._session, None, feeds, values, len(values), fetches, results, len(results)),
                    *(None, 0, None, status),
                )
        finally:
            for tensor in values:
                self._delete(tensor)
        arrays = {name: self._array(tensor) for name, tensor in zip(names, results, strict=True)}
        for tensor in results:
            self._api.TF_DeleteTensor(tensor)
        return arrays

    def _status(self):
        return _Status(self._api)

    def _outputs(self, names):
        """Return TF_Output structures for names like `OPERATION:0`."""
        pairs = [name.rsplit(":", 1) for name in names]
        find = self._api.TF_GraphOperationByName
        return (Output * len(pairs))(*(Output(find(self._graph, name.encode()), int(index)) for name, index in pairs))

    def _tensor(self, array):
        is_string = array.dtype == object
        shape = (ctypes.c_int64 * array.ndim)(*array.shape)
        size = array.size * STRING_BYTES if is_string else array.nbytes
        dtype = dtypes.as_dtype(array.dtype).as_datatype_enum
        tensor = self._api.TF_AllocateTensor(dtype, shape, array.ndim, size)
        data = self._api.TF_TensorData(tensor)
        if is_string:
            for number, content in enumerate(array.flat):
                self._api.TF_StringInit(data + number * STRING_BYTES)
                self._api.TF_StringCopy(data + number * STRING_BYTES, content, len(content))
        else:
            ctypes.memmove(data, np.ascontiguousarray(array).ctypes.data, size)
        return tensor

    def _array(self, tensor):
        shape = [self._api.TF_Dim(tensor, axis) for axis in range(self._api.TF_NumDims(tensor))]
        dtype = dtypes.as_dtype(self._api.TF_TensorType(tensor))
        data, size = self._api.TF_TensorData(tensor), self._api.TF_TensorByteSize(tensor)
        if dtype != dtypes.string:
            return np.frombuffer(ctypes.string_at(data, size), dtype.as_numpy_dtype).reshape(shape)
        array = np.empty(shape, object)
        for number in range(array.size):
            string = data + number * STRING_BYTES
            length = self._api.TF_StringGetSize(string)
            array.flat[number] = ctypes.string_at(self._api.TF_StringGetDataPointer(string), length)
        return array

    def _delete(self, tensor):
        """Free a tensor of `_tensor`, and its strings."""
        if self._api.TF_TensorType(tensor) == dtypes.string.as_datatype_enum:
            data, size = self._api.TF_TensorData(tensor), self._api.TF_TensorByteSize(tensor)
            for offset in range(0, size, STRING_BYTES):
                self._api.TF_StringDealloc(data + offset)
        self._api.TF_DeleteTensor(tensor)


class _Status:
    """A context with a TF_Status, which raises `ServingError` at its end for one that is not OK."""

    def __init__(self, api):
        self._api = api

    def __enter__(self):
        self._status = self._api.TF_NewStatus()
        return self._status

    def __exit__(self, *unused):
        code, message = self._api.TF_GetCode(self._status), self._api.TF_Message(self._status).decode(errors="replace")
        self._api.TF_DeleteStatus(self._status)
        if code:
            raise ServingError(code, message)


def _c_api():
    """Return TensorFlow's C library, with the types of the functions that are used here."""
    api = ctypes.CDLL(str(find_tensorflow()[0] / "libtensorflow_cc.so.2"))
    pointer, size, text = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p
    returns = {
        pointer: "NewGraph NewSessionOptions NewStatus LoadSessionFromSavedModel GraphOperationByName AllocateTensor "
        "TensorData StringGetDataPointer",
        ctypes.POINTER(Buffer): "NewBuffer",
        text: "Message",
        ctypes.c_int: "GetCode NumDims TensorType",
        ctypes.c_int64: "Dim",
        size: "TensorByteSize StringGetSize",
        None: "DeleteStatus DeleteTensor SessionRun StringInit StringCopy StringDealloc",
    }
    for kind, names in returns.items():
        for name in names.split():
            getattr(api, f"TF_{name}").restype = kind
    count = ctypes.c_int
    arguments = {
        "LoadSessionFromSavedModel": [pointer, pointer, text, pointer, count, pointer, ctypes.POINTER(Buffer), pointer],
        "GraphOperationByName": [pointer, text],
        "AllocateTensor": [count, pointer, count, size],
        "SessionRun": [pointer] * 4 + [count] + [pointer] * 2 + [count] + [pointer, count] + [pointer] * 2,
        "StringCopy": [pointer, text, size],
        "Dim": [pointer, count],
    }
    one_pointer = "GetCode Message DeleteStatus TensorData TensorByteSize TensorType NumDims DeleteTensor StringInit "
    for name in (one_pointer + "StringDealloc StringGetSize StringGetDataPointer").split():
        arguments[name] = [pointer]
    for name, kinds in arguments.items():
        getattr(api, f"TF_{name}").argtypes = kinds
    return api
