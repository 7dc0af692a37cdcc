#include <array>

#include "collectors/host/parts.h"
#include "collectors/proc/kept_file.h"
#include "collectors/proc/meminfo.h"

namespace tocsin::collectors::host {
namespace {

constexpr MetricType kGauge = MetricType::kGauge;

/// All fields that Linux has had, in the order of the file.
constexpr std::array kFields = {
    FieldMetric{"MemTotal",
                {"node_memory_MemTotal_bytes", kGauge, "Memory that the kernel can use."}},
    FieldMetric{"MemFree", {"node_memory_MemFree_bytes", kGauge, "Memory that nothing uses."}},
    FieldMetric{"MemAvailable",
                {"node_memory_MemAvailable_bytes", kGauge,
                 "Memory that programs could get without swapping, as the kernel estimates it."}},
    FieldMetric{"Buffers", {"node_memory_Buffers_bytes", kGauge, "Cache of block devices."}},
    FieldMetric{"Cached",
                {"node_memory_Cached_bytes", kGauge, "Cache of files, shared memory included."}},
    FieldMetric{"SwapCached",
                {"node_memory_SwapCached_bytes", kGauge,
                 "Memory that was read back from swap and is still there, too."}},
    FieldMetric{"Active", {"node_memory_Active_bytes", kGauge, "Memory used not long ago."}},
    FieldMetric{"Inactive",
                {"node_memory_Inactive_bytes", kGauge,
                 "Memory not used for a while, and so the first to be taken."}},
    FieldMetric{
        "Active(anon)",
        {"node_memory_Active_anon_bytes", kGauge, "Memory of programs, used not long ago."}},
    FieldMetric{
        "Inactive(anon)",
        {"node_memory_Inactive_anon_bytes", kGauge, "Memory of programs, not used for a while."}},
    FieldMetric{"Active(file)",
                {"node_memory_Active_file_bytes", kGauge, "Cache of files, used not long ago."}},
    FieldMetric{
        "Inactive(file)",
        {"node_memory_Inactive_file_bytes", kGauge, "Cache of files, not used for a while."}},
    FieldMetric{"Unevictable",
                {"node_memory_Unevictable_bytes", kGauge, "Memory that cannot be taken away."}},
    FieldMetric{"Mlocked",
                {"node_memory_Mlocked_bytes", kGauge, "Memory that programs have locked."}},
    FieldMetric{"HighTotal",
                {"node_memory_HighTotal_bytes", kGauge,
                 "Memory beyond what the kernel maps at all times."}},
    FieldMetric{"HighFree",
                {"node_memory_HighFree_bytes", kGauge, "Such memory that nothing uses."}},
    FieldMetric{
        "LowTotal",
        {"node_memory_LowTotal_bytes", kGauge, "Memory that the kernel maps at all times."}},
    FieldMetric{"LowFree", {"node_memory_LowFree_bytes", kGauge, "Such memory that nothing uses."}},
    FieldMetric{"MmapCopy",
                {"node_memory_MmapCopy_bytes", kGauge,
                 "Copies of files that were to be mapped, without an MMU."}},
    FieldMetric{"SwapTotal", {"node_memory_SwapTotal_bytes", kGauge, "Swap space."}},
    FieldMetric{"SwapFree", {"node_memory_SwapFree_bytes", kGauge, "Swap space that is free."}},
    FieldMetric{
        "Zswap",
        {"node_memory_Zswap_bytes", kGauge, "Memory that the compressed cache of swap takes."}},
    FieldMetric{
        "Zswapped",
        {"node_memory_Zswapped_bytes", kGauge, "What is in that cache, before compression."}},
    FieldMetric{"Dirty",
                {"node_memory_Dirty_bytes", kGauge, "Memory that waits to be written to disk."}},
    FieldMetric{"Writeback",
                {"node_memory_Writeback_bytes", kGauge, "Memory that is being written to disk."}},
    FieldMetric{"AnonPages",
                {"node_memory_AnonPages_bytes", kGauge,
                 "Memory of programs that is mapped, and no file's."}},
    FieldMetric{"Mapped", {"node_memory_Mapped_bytes", kGauge, "Files that are mapped."}},
    FieldMetric{"Shmem", {"node_memory_Shmem_bytes", kGauge, "Shared memory and tmpfs."}},
    FieldMetric{"KReclaimable",
                {"node_memory_KReclaimable_bytes", kGauge,
                 "Memory of the kernel that it gives back when memory is short."}},
    FieldMetric{"Slab",
                {"node_memory_Slab_bytes", kGauge, "Memory of the kernel for its own structures."}},
    FieldMetric{"SReclaimable",
                {"node_memory_SReclaimable_bytes", kGauge,
                 "The part of Slab that the kernel gives back when memory is short."}},
    FieldMetric{
        "SUnreclaim",
        {"node_memory_SUnreclaim_bytes", kGauge, "The part of Slab that it does not give back."}},
    FieldMetric{
        "KernelStack",
        {"node_memory_KernelStack_bytes", kGauge, "Stacks of the kernel, one for each task."}},
    FieldMetric{
        "ShadowCallStack",
        {"node_memory_ShadowCallStack_bytes", kGauge, "Return addresses of the kernel, on arm64."}},
    FieldMetric{"PageTables", {"node_memory_PageTables_bytes", kGauge, "Tables that map memory."}},
    FieldMetric{"SecPageTables",
                {"node_memory_SecPageTables_bytes", kGauge,
                 "Such tables for devices and virtual machines."}},
    FieldMetric{"NFS_Unstable",
                {"node_memory_NFS_Unstable_bytes", kGauge,
                 "Pages sent to an NFS server that are not yet on its disk; 0 since Linux 5.8."}},
    FieldMetric{"Bounce",
                {"node_memory_Bounce_bytes", kGauge,
                 "Memory to copy through for devices that cannot reach all of it."}},
    FieldMetric{"WritebackTmp",
                {"node_memory_WritebackTmp_bytes", kGauge, "Memory that FUSE needs for writing."}},
    FieldMetric{"CommitLimit",
                {"node_memory_CommitLimit_bytes", kGauge,
                 "Memory that may be promised, with strict overcommit."}},
    FieldMetric{"Committed_AS",
                {"node_memory_Committed_AS_bytes", kGauge, "Memory that is promised."}},
    FieldMetric{
        "VmallocTotal",
        {"node_memory_VmallocTotal_bytes", kGauge, "Room for memory that the kernel maps."}},
    FieldMetric{"VmallocUsed", {"node_memory_VmallocUsed_bytes", kGauge, "Of that, what is used."}},
    FieldMetric{"VmallocChunk",
                {"node_memory_VmallocChunk_bytes", kGauge,
                 "The largest free piece of that; 0 since Linux 4.4."}},
    FieldMetric{"Percpu",
                {"node_memory_Percpu_bytes", kGauge,
                 "Memory for the kernel's structures that exist once per processor."}},
    FieldMetric{
        "EarlyMemtestBad",
        {"node_memory_EarlyMemtestBad_bytes", kGauge, "Memory that the test at start found bad."}},
    FieldMetric{"HardwareCorrupted",
                {"node_memory_HardwareCorrupted_bytes", kGauge,
                 "Memory that failed and is no longer used."}},
    FieldMetric{"AnonHugePages",
                {"node_memory_AnonHugePages_bytes", kGauge, "Huge pages of programs."}},
    FieldMetric{"ShmemHugePages",
                {"node_memory_ShmemHugePages_bytes", kGauge, "Huge pages of shared memory."}},
    FieldMetric{"ShmemPmdMapped",
                {"node_memory_ShmemPmdMapped_bytes", kGauge,
                 "Huge pages of shared memory that are mapped."}},
    FieldMetric{"FileHugePages",
                {"node_memory_FileHugePages_bytes", kGauge, "Huge pages of files."}},
    FieldMetric{
        "FilePmdMapped",
        {"node_memory_FilePmdMapped_bytes", kGauge, "Huge pages of files that are mapped."}},
    FieldMetric{"CmaTotal",
                {"node_memory_CmaTotal_bytes", kGauge,
                 "Memory set aside for devices that need it in one piece."}},
    FieldMetric{"CmaFree", {"node_memory_CmaFree_bytes", kGauge, "Of that, what is free."}},
    FieldMetric{"Unaccepted",
                {"node_memory_Unaccepted_bytes", kGauge,
                 "Memory that the host of this virtual machine has not handed over yet."}},
    FieldMetric{"Balloon",
                {"node_memory_Balloon_bytes", kGauge,
                 "Memory that the host of this virtual machine has taken back."}},
    FieldMetric{"GPUActive",
                {"node_memory_GPUActive_bytes", kGauge, "Memory that graphics processors use."}},
    FieldMetric{"GPUReclaim",
                {"node_memory_GPUReclaim_bytes", kGauge,
                 "Memory of graphics processors that can be taken back."}},
    FieldMetric{"HugePages_Total",
                {"node_memory_HugePages_Total", kGauge, "Huge pages in the pool."}},
    FieldMetric{"HugePages_Free",
                {"node_memory_HugePages_Free", kGauge, "Of those, how many are free."}},
    FieldMetric{"HugePages_Rsvd",
                {"node_memory_HugePages_Rsvd", kGauge, "Of those, how many are promised."}},
    FieldMetric{"HugePages_Surp",
                {"node_memory_HugePages_Surp", kGauge, "Huge pages beyond the size of the pool."}},
    FieldMetric{"Hugepagesize",
                {"node_memory_Hugepagesize_bytes", kGauge, "The size of a huge page."}},
    FieldMetric{"Hugetlb",
                {"node_memory_Hugetlb_bytes", kGauge, "Memory in huge pages of all sizes."}},
    FieldMetric{"DirectMap4k",
                {"node_memory_DirectMap4k_bytes", kGauge,
                 "Memory that the kernel maps in pages of 4 KiB."}},
    FieldMetric{"DirectMap2M",
                {"node_memory_DirectMap2M_bytes", kGauge,
                 "Memory that the kernel maps in pages of 2 MiB."}},
    FieldMetric{"DirectMap4M",
                {"node_memory_DirectMap4M_bytes", kGauge,
                 "Memory that the kernel maps in pages of 4 MiB."}},
    FieldMetric{"DirectMap1G",
                {"node_memory_DirectMap1G_bytes", kGauge,
                 "Memory that the kernel maps in pages of 1 GiB."}},
};
constexpr std::array kMetrics = MetricsOf(kFields);

class Memory final : public Part {
 public:
  explicit Memory(const Settings& settings) : file_(settings.procfs / "meminfo") {}

  Status Read(const Attempt& /*attempt*/, MetricSink& points) override {
    const Result<std::string_view> text = file_.Read();
    if (!text) return text.error();
    const Result<std::vector<MemoryField>> memory = ParseMeminfo(*text);
    if (!memory) return memory.error();
    FieldLookup fields(kFields);
    for (const MemoryField& field : *memory) {
      if (const MetricDesc* const metric = fields.Find(field.name)) {
        points.Add(*metric, {}, field.value);
      }
    }
    return {};
  }

 private:
  KeptFile file_;
};

std::unique_ptr<Part> Make(const Settings& settings, const Clock& /*clock*/) {
  return std::make_unique<Memory>(settings);
}

}  // namespace

PartKind MemoryPart() {
  return {"meminfo", kMetrics, Make};
}

}  // namespace tocsin::collectors::host
