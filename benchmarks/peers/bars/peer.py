"""What other libraries read, store and question of the same bars on one core: rows a second of processor time.

Run by compare.py, which starts it once with the folder of files. Each line of standard input asks for one measurement of the program that it names; the
answer is a line with the rate.

pyarrow-h5py: pyarrow.csv on one thread with time stamps parsed, its columns written with h5py as contiguous datasets and flushed. pandera: eight checks of
a frame in memory, without a calendar: four prices and the volume in range, high and low around each other and around open and close. zcat: the processor
time of the program itself.
"""

import os
import resource
import subprocess
import sys
import time

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import h5py
import numpy
import pandera.pandas as pandera
import pyarrow
import pyarrow.csv

pyarrow.set_cpu_count(1)
pyarrow.set_io_thread_count(1)
FOLDER = sys.argv[1]
MINUTES = FOLDER + "/minutes.csv"
PRICES = ("open", "high", "low", "close")


def read():
    types = {"symbol": pyarrow.dictionary(pyarrow.int32(), pyarrow.string()), "timestamp": pyarrow.timestamp("s"), "volume": pyarrow.int64()}
    return pyarrow.csv.read_csv(
        MINUTES, read_options=pyarrow.csv.ReadOptions(use_threads=False),
        convert_options=pyarrow.csv.ConvertOptions(column_types=types | {name: pyarrow.float64() for name in PRICES}))


def pyarrow_h5py():
    table = read()
    with h5py.File(FOLDER + "/peer.h5", "w") as file:
        for name in table.column_names:
            column = table.column(name).combine_chunks()
            if name == "symbol":
                column = column.combine_chunks() if isinstance(column, pyarrow.ChunkedArray) else column
                values = column.indices.to_numpy()
            else:
                values = column.to_numpy(zero_copy_only=False)
            file.create_dataset(name, data=values.astype("i8") if values.dtype.kind == "M" else values)
        file.flush()
        os.fsync(file.id.get_vfd_handle())
    return table.num_rows


SCHEMA = pandera.DataFrameSchema(
    {**{name: pandera.Column(float, pandera.Check.gt(0)) for name in PRICES}, "volume": pandera.Column("int64", pandera.Check.ge(0))},
    checks=[
        pandera.Check(lambda bars: bars["high"] >= bars["low"]),
        pandera.Check(lambda bars: bars["high"] >= numpy.maximum(bars["open"], bars["close"])),
        pandera.Check(lambda bars: bars["low"] <= numpy.minimum(bars["open"], bars["close"])),
    ])
frame = None


def check():
    SCHEMA.validate(frame)
    return len(frame)


def rate_of(name):
    global frame
    if name == "zcat":
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(["zcat", MINUTES + ".gz"], check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return int(sys.argv[2]) / (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    if name == "pandera" and frame is None:
        frame = read().to_pandas()
    start = time.process_time()
    rows = {"pyarrow-h5py": pyarrow_h5py, "pandera": check}[name]()
    return rows / (time.process_time() - start)


def main():
    print("ready", flush=True)
    for line in sys.stdin:
        print(rate_of(line.strip()), flush=True)


if __name__ == "__main__":
    main()
