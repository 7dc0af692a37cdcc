// The parts of the host collector, one function per file beside this one.

#pragma once

#include "collectors/host/part.h"

namespace tocsin::collectors::host {

PartKind StatPart();        ///< Processors, interrupts, processes. /proc/stat.
PartKind LoadPart();        ///< Load averages. /proc/loadavg.
PartKind MemoryPart();      ///< /proc/meminfo.
PartKind VmstatPart();      ///< Paging and swapping. /proc/vmstat.
PartKind DiskPart();        ///< Block devices. /proc/diskstats.
PartKind FilesystemPart();  ///< How full file systems are. /proc/1/mountinfo, statvfs().
PartKind NetworkPart();     ///< What network devices carry. /proc/net/dev.
PartKind LinksPart();       ///< Which network devices are up. /sys/class/net.
PartKind NetstatPart();     ///< TCP, UDP, IP, ICMP. /proc/net/snmp, netstat, snmp6.
PartKind SockstatPart();    ///< Sockets. /proc/net/sockstat, sockstat6.
PartKind FilesPart();       ///< Open files. /proc/sys/fs/file-nr.
PartKind PressurePart();    ///< Pressure stall information, if the kernel has it.
PartKind SystemPart();      ///< What system this is, and its clock. uname().
PartKind TextfilePart();    ///< Metrics that other programs write into files.

}  // namespace tocsin::collectors::host
