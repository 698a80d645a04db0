# The run's streams of random numbers, written out from their definition: Threefry-2x32, a key for each purpose and lane.

MASK32 = 0xFFFFFFFF
PURPOSES = "initialization episodeStart fills actionSampling minibatchOrder replaySampling exploration".split()


class CannotJudge(Exception):
    pass


def threefry(key, counter):
    """Threefry-2x32, 20 rounds (Salmon et al. 2011)."""
    keys = (key[0], key[1], 0x1BD11BDA ^ key[0] ^ key[1])
    a, b = (counter[0] + keys[0]) & MASK32, (counter[1] + keys[1]) & MASK32
    for group in range(5):
        for turn in ((13, 15, 26, 6), (17, 29, 16, 24))[group % 2]:
            a = (a + b) & MASK32
            b = ((b << turn) | (b >> (32 - turn))) & MASK32
            b ^= a
        a = (a + keys[(group + 1) % 3]) & MASK32
        b = (b + keys[(group + 2) % 3] + group + 1) & MASK32
    return a, b


class Stream:
    """A stream of the run: its key is the seed's image of its purpose and lane, its counter the number of words taken."""

    def __init__(self, seed, purpose, lane=0, position=0):
        seed &= (1 << 64) - 1
        self.key = threefry((seed & MASK32, seed >> 32), (PURPOSES.index(purpose), lane))
        self.position = position

    def word(self):
        low, high = threefry(self.key, (self.position & MASK32, self.position >> 32))
        self.position += 1
        return low | high << 32

    def float_at(self, position):
        """Uniform in [0, 1), multiples of 2^-24, at a place of the stream, without moving."""
        _, high = threefry(self.key, (position & MASK32, position >> 32))
        return (high >> 8) * 2.0**-24

    def below(self, bound):
        """Lemire 2019, without bias."""
        threshold = ((1 << 64) - bound) % bound
        while True:
            product = self.word() * bound
            if product & ((1 << 64) - 1) >= threshold:
                return product >> 64

    def permutation(self, count):
        order = list(range(count))
        for last in range(count - 1, 0, -1):
            other = self.below(last + 1)
            order[last], order[other] = order[other], order[last]
        return order
