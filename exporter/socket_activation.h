// Sockets that whoever starts tocsin has opened for it, as systemd does.

#pragma once

#include <sys/types.h>

#include <vector>

#include "base/result.h"
#include "exporter/listener.h"

namespace tocsin {

/// How many descriptors, from number 3 on, are handed over to the process `self`, from what the
/// environment says by sd_listen_fds(3); a variable that is not there is null. 0 if there are none,
/// or if they were meant for another process: a parent of ours that has not tidied up. Fails with
/// kInvalidInput for what is no number. Pure.
Result<int> CountHandedOver(const char* listen_pid, const char* listen_fds, pid_t self);

/// Takes the sockets that are handed over to this process, none if that is not the case. Fails with
/// kInvalidInput if one of them is not a listening TCP socket. To be called once, before anything
/// opens a file.
Result<std::vector<Listener>> TakeHandedOverSockets();

}  // namespace tocsin
