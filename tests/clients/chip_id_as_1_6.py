"""What an ST-LINK host that ignores status bytes and reply lengths takes for the
chip id (stlink up to 1.6.1 did): one buffer for all replies, version first, then
a debug-register read whose bytes 4..7 are believed. Uses libusb by its C names."""
import ctypes

usb = ctypes.CDLL("libusb-1.0.so.0")
usb.libusb_open_device_with_vid_pid.restype = ctypes.c_void_p
usb.libusb_open_device_with_vid_pid.argtypes = [ctypes.c_void_p, ctypes.c_uint16, ctypes.c_uint16]
assert usb.libusb_init(None) == 0
handle = ctypes.c_void_p(usb.libusb_open_device_with_vid_pid(None, 0x0483, 0x3748))
assert handle.value, "no probe"
assert usb.libusb_claim_interface(handle, 0) == 0

reply = (ctypes.c_ubyte * 64)()
count = ctypes.c_int()


def ask(command, length):
    """Send a 16-byte command; read `length` bytes into the shared buffer."""
    block = (ctypes.c_ubyte * 16)(*command)
    assert usb.libusb_bulk_transfer(handle, 0x02, block, 16, ctypes.byref(count), 3000) == 0
    if length:
        assert usb.libusb_bulk_transfer(handle, 0x81, reply, length, ctypes.byref(count), 3000) == 0
    return count.value


assert ask([0xF1, 0x80], 6) == 6  # GET_VERSION: bytes 4..5 are the product id
ask([0xF2, 0x30, 0xA3], 2)  # ENTER SWD: fails, and is not looked at
print(f"enter status 0x{reply[0]:02x}")
got = ask([0xF2, 0x36, 0x00, 0x20, 0x04, 0xE0], 8)  # READDEBUGREG 0xE0042000
print(f"reply of {got} bytes, status 0x{reply[0]:02x}")
assert got == 2 and reply[0] != 0x80
print(f"chip id 0x{int.from_bytes(bytes(reply[4:8]), 'little'):x}")
