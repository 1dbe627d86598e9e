"""The cage of the processes that touch strangers' bytes: what the kernel lets them do, whatever runs in them."""
