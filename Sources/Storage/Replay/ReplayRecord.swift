// How one transition lies in a replay file.

package import AgentInterface
import CHDF5
private import Kernels

/// A transition as bytes without gaps, little-endian: observation and next observation (D numbers each), reward f32, action u8, end u8
/// (0, 1 terminated, 2 truncated), and where masks are kept the legality after the step in the smallest integer that holds it.
package struct ReplayRecord: Sendable, Equatable {
  package let columns: Int
  package let actionCount: Int
  package let keepsMasks: Bool
  package let precision: ReplayPrecision

  package init(columns: Int, actionCount: Int, keepsMasks: Bool, precision: ReplayPrecision) {
    precondition(
      columns >= 1 && (1...64).contains(actionCount), "a transition of \(columns) columns, \(actionCount) actions")
    self.columns = columns
    self.actionCount = actionCount
    self.keepsMasks = keepsMasks
    self.precision = precision
  }

  private var observationBytes: Int { columns * precision.bytes }
  private var rewardPlace: Int { 2 * observationBytes }
  private var actionPlace: Int { rewardPlace + 4 }
  private var endPlace: Int { actionPlace + 1 }
  private var maskPlace: Int { endPlace + 1 }
  private var maskBytes: Int {
    guard keepsMasks else { return 0 }
    return actionCount <= 8 ? 1 : actionCount <= 16 ? 2 : actionCount <= 32 ? 4 : 8
  }

  /// Of one transition.
  package var bytes: Int { maskPlace + maskBytes }

  // MARK: Writing

  func write(_ row: TransitionRow, lane: Int, to target: UnsafeMutableRawPointer) {
    let isTruncated = row.truncated[lane] != 0
    let end: TransitionEnd = row.terminated[lane] != 0 ? .terminated : isTruncated ? .truncated : .none
    write(row.observations + lane * columns, to: target)
    let next = end == .truncated ? row.finalObservations : row.nextObservations
    write(next + lane * columns, to: target + observationBytes)
    target.storeBytes(of: row.rewards[lane].bitPattern.littleEndian, toByteOffset: rewardPlace, as: UInt32.self)
    target.storeBytes(of: UInt8(truncatingIfNeeded: row.actions[lane]), toByteOffset: actionPlace, as: UInt8.self)
    target.storeBytes(of: end.rawValue, toByteOffset: endPlace, as: UInt8.self)
    guard keepsMasks else { return }
    let mask = (end == .truncated ? row.finalMasks[lane] : row.nextMasks[lane]).rawValue
    for byte in 0..<maskBytes {
      target.storeBytes(
        of: UInt8(truncatingIfNeeded: mask >> UInt64(8 * byte)), toByteOffset: maskPlace + byte, as: UInt8.self)
    }
  }

  private func write(_ values: UnsafePointer<Float>, to target: UnsafeMutableRawPointer) {
    guard precision == .float16 else {
      // The machine is little-endian, as are all that HDF5's native types are written for here.
      return target.copyMemory(from: values, byteCount: observationBytes)
    }
    for column in 0..<columns {
      target.storeBytes(
        of: ReplayPrecision.half(values[column]).bitPattern.littleEndian, toByteOffset: 2 * column, as: UInt16.self)
    }
  }

  // MARK: Reading

  func copyObservation(_ record: UnsafeRawPointer, to target: UnsafeMutablePointer<Float>) {
    read(record, to: target)
  }

  func copyNextObservation(_ record: UnsafeRawPointer, to target: UnsafeMutablePointer<Float>) {
    read(record + observationBytes, to: target)
  }

  private func read(_ source: UnsafeRawPointer, to target: UnsafeMutablePointer<Float>) {
    guard precision == .float16 else {
      return UnsafeMutableRawPointer(target).copyMemory(from: source, byteCount: observationBytes)
    }
    HalfPrecision.widen(source, into: target, count: columns)
  }

  func reward(_ record: UnsafeRawPointer) -> Float {
    Float(bitPattern: UInt32(littleEndian: record.loadUnaligned(fromByteOffset: rewardPlace, as: UInt32.self)))
  }

  /// Nil where it is none of the space's.
  func action(_ record: UnsafeRawPointer) -> Int? {
    let action = Int(record.load(fromByteOffset: actionPlace, as: UInt8.self))
    return action < actionCount ? action : nil
  }

  /// Nil where no step ends like that.
  func end(_ record: UnsafeRawPointer) -> TransitionEnd? {
    TransitionEnd(rawValue: record.load(fromByteOffset: endPlace, as: UInt8.self))
  }

  /// Nil where it allows nothing, or more than there is.
  func nextMask(_ record: UnsafeRawPointer) -> ActionMask? {
    let all = ActionMask.all(count: actionCount)
    guard keepsMasks else { return all }
    var bits: UInt64 = 0
    for byte in 0..<maskBytes {
      bits |= UInt64(record.load(fromByteOffset: maskPlace + byte, as: UInt8.self)) << UInt64(8 * byte)
    }
    return bits != 0 && bits & ~all.rawValue == 0 ? ActionMask(rawValue: bits) : nil
  }

  // MARK: As HDF5 sees it

  /// The compound type that describes these bytes, for other programs.
  func makeType(path: String) throws(StorageError) -> HDF5Handle {
    let type = try HDF5Handle(
      H5Tcreate(H5T_COMPOUND, bytes), close: { H5Tclose($0) }, "make the type of a transition", path: path)
    let number = try HDF5Handle(
      H5Tcopy(strikeforge_H5T_IEEE_F32LE()), close: { H5Tclose($0) }, "make a number's type", path: path)
    if precision == .float16 {
      // Sign, exponent and mantissa of IEEE 754's binary16.
      try HDF5.check(H5Tset_fields(number.id, 15, 10, 5, 0, 10), "place a half's parts", path: path)
      try HDF5.check(H5Tset_size(number.id, 2), "set a half's size", path: path)
      try HDF5.check(H5Tset_ebias(number.id, 15), "set a half's bias", path: path)
    }
    var extent = [hsize_t(columns)]
    let vector = try HDF5Handle(
      H5Tarray_create2(number.id, 1, &extent), close: { H5Tclose($0) }, "make an observation's type", path: path)
    let mask =
      switch maskBytes {
      case 1: UInt8.fileType
      case 2: strikeforge_H5T_STD_U16LE()
      case 4: strikeforge_H5T_STD_U32LE()
      default: strikeforge_H5T_STD_U64LE()
      }
    let members: [(String, Int, hid_t)] =
      [
        ("observation", 0, vector.id), ("next_observation", observationBytes, vector.id),
        ("reward", rewardPlace, Float.fileType), ("action", actionPlace, UInt8.fileType),
        ("end", endPlace, UInt8.fileType),
      ] + (keepsMasks ? [("next_mask", maskPlace, mask)] : [])
    for (name, place, member) in members {
      try HDF5.check(H5Tinsert(type.id, name, place, member), "describe '\(name)'", path: path)
    }
    return type
  }
}
