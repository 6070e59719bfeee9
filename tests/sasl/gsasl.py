"""libgsasl's client side, by ctypes: another implementation says our first, second and third words, and judges the server's."""
import ctypes
import ctypes.util

OK, NEEDS_MORE = 0, 1
AUTHID, AUTHZID, PASSWORD, SERVICE, HOSTNAME, CB_UNIQUE, CB_EXPORTER = 1, 2, 3, 5, 6, 18, 25


def load():
    name = ctypes.util.find_library('gsasl')
    if not name:
        return None
    library = ctypes.CDLL(name)
    library.gsasl_strerror.restype = ctypes.c_char_p
    library.gsasl_free.argtypes = [ctypes.c_void_p]
    library.gsasl_finish.argtypes = [ctypes.c_void_p]
    library.gsasl_property_set.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p]
    library.gsasl_client_start.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
    library.gsasl_step.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_void_p]
    return library


LIBRARY = load()


class Refused(Exception):
    """The client's side says that the server's isn't right."""


class Session:
    """One exchange of a client. `known` gives properties by their numbers."""

    context = ctypes.c_void_p()

    def __init__(self, mechanism, known):
        if not Session.context:
            self.must(LIBRARY.gsasl_init(ctypes.byref(Session.context)))
        self.session = ctypes.c_void_p()
        self.must(LIBRARY.gsasl_client_start(Session.context, mechanism.encode(), ctypes.byref(self.session)))
        for number, value in known.items():
            self.must(LIBRARY.gsasl_property_set(self.session, number, value.encode()))
        self.is_done = False

    def must(self, code):
        if code not in (OK, NEEDS_MORE):
            raise Refused(LIBRARY.gsasl_strerror(code).decode())
        return code

    def step(self, data):
        """What is to be sent; `is_done` once the server has proved all that it has to."""
        out, size = ctypes.c_void_p(), ctypes.c_size_t()
        code = self.must(LIBRARY.gsasl_step(self.session, data, len(data), ctypes.byref(out), ctypes.byref(size)))
        said = ctypes.string_at(out, size.value) if size.value else b''
        LIBRARY.gsasl_free(out)
        self.is_done = code == OK
        return said

    def end(self):
        LIBRARY.gsasl_finish(self.session)
