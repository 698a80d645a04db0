// Brings blocks of a replay file from the disk while others are learned from.

import Glibc

/// Blocks on their way into memory, past the system's cache where the file system allows that: a copy less, and no page of the file displaces
/// what a run needs. A block that was not asked for, or could not be read like that, is read when it is wanted. One thread uses it.
final class BlockReadahead {
  /// A place for one block.
  private struct Room {
    /// What the system reads by; its address must not change while it does.
    let request: UnsafeMutablePointer<aiocb>
    let bytes: UnsafeMutableRawPointer
    /// Number of the block in the file, -1 where there is none.
    var block = -1
    /// Rows that had been appended when the reading began.
    var appended = 0
    var isReading = false
  }

  private let file: ReplayFile
  private var descriptor: Int32
  private var rooms: [Room]

  private static let sector = UncachedAccess.sector

  /// Memory that so many blocks take.
  static func bytes(_ shape: ReplayShape, depth: Int) -> Int { depth * (shape.blockBytes + 2 * sector) }

  /// `isDirect` false: through the system's cache, as where the file system knows nothing else.
  init(_ file: ReplayFile, depth: Int, isDirect: Bool = true) {
    self.file = file
    let direct = isDirect ? UncachedAccess.open(file.descriptor, O_RDONLY) : -1
    descriptor = direct >= 0 ? direct : dup(file.descriptor)
    rooms = (0..<depth).map { _ in
      let request = UnsafeMutablePointer<aiocb>.allocate(capacity: 1)
      request.initialize(to: aiocb())
      let bytes = BlockReadahead.bytes(file.shape, depth: 1)
      return Room(request: request, bytes: .allocate(byteCount: bytes, alignment: BlockReadahead.sector))
    }
  }

  deinit {
    forget()
    for room in rooms {
      room.request.deallocate()
      room.bytes.deallocate()
    }
    if descriptor >= 0 { close(descriptor) }
  }

  /// Waits for what is on its way, and drops it.
  func forget() {
    for index in rooms.indices {
      _ = finish(&rooms[index])
      rooms[index].block = -1
    }
  }

  func isComing(_ block: Int) -> Bool { rooms.contains { $0.block == block } }

  /// Begins to read a block, if there is room. `appended`: rows appended by now.
  func start(_ block: Int, appended: Int) {
    guard let index = rooms.firstIndex(where: { $0.block < 0 }) else { return }
    let (first, last) = extent(of: block)
    let request = rooms[index].request
    request.pointee = aiocb()
    request.pointee.aio_fildes = descriptor
    request.pointee.aio_offset = off_t(first)
    request.pointee.aio_buf = rooms[index].bytes
    request.pointee.aio_nbytes = last - first
    request.pointee.aio_sigevent.sigev_notify = Int32(SIGEV_NONE)
    guard aio_read(request) == 0 else { return }
    (rooms[index].block, rooms[index].appended, rooms[index].isReading) = (block, appended, true)
  }

  /// Gives a block's bytes, good until the next call of anything here, to `use`, and how many rows had been appended when they were read.
  func take(
    _ block: Int, appended: Int, use: (_ bytes: UnsafeRawPointer, _ appended: Int) -> Void
  ) throws(StorageError) {
    let index = rooms.firstIndex { $0.block == block } ?? rooms.firstIndex { $0.block < 0 } ?? 0
    let (first, last) = extent(of: block)
    let place = file.bytes(ofBlock: block)
    var known = rooms[index].appended
    let came = finish(&rooms[index])
    if rooms[index].block != block || first + came < place.upperBound {
      if rooms[index].block == block { readThroughCacheFromNowOn() }
      known = appended
      try file.read(
        into: UnsafeMutableRawBufferPointer(start: rooms[index].bytes + (place.lowerBound - first), count: place.count),
        at: place.lowerBound)
    }
    rooms[index].block = -1
    use(rooms[index].bytes + (place.lowerBound - first), known)
    file.release(first..<last)
  }

  /// Where the sectors of a block lie in the file.
  private func extent(of block: Int) -> (first: Int, last: Int) {
    let (place, sector) = (file.bytes(ofBlock: block), BlockReadahead.sector)
    return (place.lowerBound / sector * sector, (place.upperBound + sector - 1) / sector * sector)
  }

  /// Bytes that came, once they are all there.
  private func finish(_ room: inout Room) -> Int {
    guard room.isReading else { return 0 }
    room.isReading = false
    var waited: UnsafePointer<aiocb>? = UnsafePointer(room.request)
    while aio_error(room.request) == EINPROGRESS { _ = aio_suspend(&waited, 1, nil) }
    return max(0, aio_return(room.request))
  }

  /// A device of larger sectors, or a file system that promised too much.
  private func readThroughCacheFromNowOn() {
    forget()
    if descriptor >= 0 { close(descriptor) }
    descriptor = dup(file.descriptor)
  }
}
