// Keeps the end of what is written in view while the reader is there, and leaves alone whoever has scrolled up.

// Within so many pixels of the end the reader follows what is written.
const nearEnd = 80;

export class EndFollower {
  private isFollowing = true;
  private isLeaving = false; // the reader's wheel went up, and nothing has moved yet
  private top: number;
  private readonly observer: ResizeObserver;

  constructor(private readonly scroller: HTMLElement, content: HTMLElement) {
    this.top = scroller.scrollTop;
    this.observer = new ResizeObserver(() => { if (this.isFollowing) this.moveToEnd(); });
    this.observer.observe(content);
    scroller.addEventListener('scroll', this.onScroll, { passive: true });
    scroller.addEventListener('wheel', this.onWheel, { passive: true });
  }

  // From here on, wherever the reader was: there is a new question.
  follow(): void {
    this.isFollowing = true;
    this.isLeaving = false;
    this.moveToEnd();
  }

  dispose(): void {
    this.observer.disconnect();
    this.scroller.removeEventListener('scroll', this.onScroll);
    this.scroller.removeEventListener('wheel', this.onWheel);
  }

  private moveToEnd(): void {
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.top = this.scroller.scrollTop;
  }

  // Only a move says where the reader wants to be: far from the end one also is when much was written at once. The event
  // of a move of ours may come after the reader's wheel, and must not undo it.
  private readonly onScroll = () => {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    const isNearEnd = scrollHeight - scrollTop - clientHeight < nearEnd;
    if (scrollTop < this.top) {
      this.isLeaving = false;
      if (!isNearEnd) this.isFollowing = false;
    } else if (scrollTop > this.top && isNearEnd && !this.isLeaving) {
      this.isFollowing = true;
    }
    this.top = scrollTop;
  };

  // Said before the first pixel has moved: what is written in between would take the reader back.
  private readonly onWheel = ({ deltaY }: WheelEvent) => {
    const canMove = this.scroller.scrollHeight > this.scroller.clientHeight;
    if (deltaY === 0 || !canMove) return;
    this.isLeaving = deltaY < 0;
    if (this.isLeaving) this.isFollowing = false;
  };
}
